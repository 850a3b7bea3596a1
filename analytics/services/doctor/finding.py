from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """`bad` keeps Footfall from working or from keeping what it promises; `warn` is worth a look."""

    name: str
    state: Literal["ok", "warn", "bad"]
    text: str
    mend: str = ""


def ok(name: str, text: str) -> Finding:
    return Finding(name, "ok", text)


def warn(name: str, text: str, mend: str) -> Finding:
    return Finding(name, "warn", text, mend)


def bad(name: str, text: str, mend: str) -> Finding:
    return Finding(name, "bad", text, mend)
