"""What somebody who wants to run a script on the pages would send, in every field that takes a text."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from ingestion.catalogue import CATALOGUE, Kind
from ingestion.payload import PARTS

MARK = "zq7"  # by which a text is found again on a page
PLANTED = "data-planted"  # on each element that a text of these would make
SCRIPT = f"{MARK}<script>window.hacked=1</script>"
IMAGE = f'{MARK}"><img src=x onerror=window.hacked=1 {PLANTED}>'
LINK = f"<a href='javascript:window.hacked=1' {PLANTED}>{MARK}</a>"
SUM = f"=1+1{MARK}"
# Each is short enough for the shortest fields, where what is cut off would do no harm.
TEXTS = (
    SCRIPT, IMAGE, LINK, SUM, f"{MARK}'><svg onload=window.hacked=1 {PLANTED}>", f"</script></title></textarea><b {PLANTED}>{MARK}</b>",
    f"javascript:window.hacked=1//{MARK}", f"<b {PLANTED} hx-get=/account hx-trigger=load>{MARK}</b>",
    f"@{MARK}{{{{ 7|add:7 }}}}{{% debug %}}${{window.hacked=1}}", f"-{MARK}\u202e\u0000\u0008\u001b[31m\ufffe",
    f"\t{MARK}<iframe srcdoc='<script>parent.hacked=1</script>'>",
)  # fmt: skip
SECONDS = 40  # between two events of a visit


def value_of(kind: Kind, text: str) -> Any:
    if isinstance(kind, dict):
        return {name: value_of(inner, text) for name, inner in kind.items()}
    known = {"integer": 3, "number": 4.5, "money": "9.90", "boolean": True, "list": [text], "any": {text[:40]: text}}
    return known.get(kind, text)


def event(kind: str, text: str, person: int, at: datetime) -> dict[str, Any]:
    """With the text in every field of the base schema, and in every property of the type."""
    made: dict[str, Any] = {
        name: {field.name: text for field in msgspec.structs.fields(part) if field.type in (str, str | None)}
        for name, part in PARTS.items()
    }
    made["session"] = {"event_index": 1}
    made["user"] |= {"user_id": f"{text}{person % 3}", "ab_test_variants": {text: text}}
    made["device"]["device_id"] = f"{text}{person % 3}"
    path = text.replace("#", "").replace("?", "")
    made["page"] |= {"url": f"https://shop.example/{path}?ref={text}", "referrer": f"https://zq7.example/{path}"}
    made["geo"] |= {"country": ("DE", "US", text)[person % 3]}
    properties = (
        {name: value_of(inner, text) for name, inner in CATALOGUE[kind].properties.items()} if kind in CATALOGUE else {}
    )
    properties |= {name: "EUR" for name in ("currency",) if name in properties}
    return made | {
        "event_id": str(uuid.uuid4()), "event_type": kind, "event_version": text, "event_timestamp": at.isoformat(),
        "ab_test_variants": {text: text, "price": text}, "event_properties": {**properties, "plan": text, text: text, "traits": {"plan": text}},
    }  # fmt: skip


def refused(text: str) -> Iterator[dict[str, Any]]:
    """What the pipeline rejects, each for another reason: its examples stand on the Health page."""
    good = {"event_type": "page_view", "page": {"url": "https://shop.example/"}}
    yield good | {"event_type": text}
    yield good | {"event_id": text}
    yield good | {"page": {"url": text}}
    yield good | {"event_timestamp": text}
    yield good | {"user": text}
    yield {"event_type": "purchase", "page": good["page"], "event_properties": {"revenue": text, "order_id": text}}
    yield {"event_type": "purchase", "page": good["page"], "event_properties": {"revenue": 1, "currency": text}}
    yield {"event_type": "scroll", "page": good["page"], "event_properties": {"scroll_depth": text}}


def hostile_events() -> list[dict[str, Any]]:
    """Of all types that are known and one that is not, over the last days: the texts take turns, so that each stands in every field."""
    kinds, now, made = [*CATALOGUE, "signed up"], datetime.now(UTC), []
    for person, text in enumerate(TEXTS):
        for visit in range(2):
            began = now - timedelta(days=visit * 4 + person % 3, minutes=len(kinds))
            wanted = kinds if visit == 0 else ["page_view", "click", "purchase", "search", "error"]
            made += [
                event(kind, text, person, began + timedelta(seconds=SECONDS * index))
                for index, kind in enumerate(wanted)
            ]
    long = MARK + "A" * 5_000
    made += [event(kind, long, 1, now) for kind in ("page_view", "error", "click")]
    return made + [one for text in TEXTS[:4] for one in refused(text)]


def batches(events: list[dict[str, Any]], size: int = 60) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(events), size):
        yield events[start : start + size]
