"""The text for a site's privacy notice, made of what it collects (collected.py): as plain text, Markdown and HTML."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.html import escape

from accounts.models import Consent
from analytics.privacy.collected import Collected, Item

MODES = {
    Consent.COOKIELESS: "Nothing is stored on your device for this and nothing is read from it, so we ask for no consent.",
    Consent.ANONYMOUS: "Before you agree, nothing is stored on your device, and you are counted without any id."
    " If you agree, a random id is stored on it, so that we can tell whether somebody comes back.",
    Consent.REQUIRED: "You are counted only if you agree. Before that, nothing is stored on your device and nothing is kept.",
    Consent.FULL: "A random id is stored on your device, so that we can tell whether somebody comes back."
    " You can refuse that.",
}
WHO = "Responsible for this is: [name and address of the site's owner, and of the data protection officer if there is one]."
RIGHTS = (
    "You have the right to know what is stored of you, to have it corrected or deleted, to object to it or have it"
    " restricted, to take it with you, and to complain to a supervisory authority. Write to [address]. As we cannot tell"
    " whose a visit is, your browser may have to help: it can make a token that finds your visits of the last two days."
)


@dataclass(frozen=True)
class Section:
    heading: str
    lines: tuple[str, ...] = ()
    points: tuple[str, ...] = ()


def sentence(item: Item) -> str:
    return f"{item.what}, {item.why}. Kept for {item.kept}. Basis: {lower_first(item.basis)}."


def lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def sections_of(collected: Collected) -> list[Section]:
    where = (
        f"We count the visits of {collected.domain} with Footfall, a program that runs on our own server, or on one that"
        " works for us. We want to know which pages are read and what we should do better."
    )
    return [
        Section("Statistics of visits", (where, MODES[Consent(collected.mode)], WHO)),
        Section("What is collected, why, for how long, and on which basis", (), tuple(map(sentence, collected.items))),
        Section("How it is protected", (), tuple(collected.protections)),
        Section("How you can refuse", (), tuple(collected.choices)),
        Section("Your rights", (RIGHTS,)),
    ]


def as_text(sections: list[Section]) -> str:
    parts = []
    for one in sections:
        points = "\n".join(f"- {point}" for point in one.points)
        parts.append("\n".join([one.heading, "-" * len(one.heading), *one.lines, *([points] if points else [])]))
    return "\n\n".join(parts) + "\n"


def as_markdown(sections: list[Section]) -> str:
    """What is taken from settings could mean something in Markdown, and is kept from it."""
    parts = []
    for one in sections:
        parts.append(f"## {one.heading}")
        parts.extend(map(plain, one.lines))
        if one.points:
            parts.append("\n".join(f"- {plain(point)}" for point in one.points))
    return "\n\n".join(parts) + "\n"


def plain(text: str) -> str:
    return "".join(f"\\{sign}" if sign in "\\`*_<>|#" else sign for sign in text)


def as_html(sections: list[Section]) -> str:
    parts = []
    for one in sections:
        parts.append(f"<h2>{escape(one.heading)}</h2>")
        parts.extend(f"<p>{escape(line)}</p>" for line in one.lines)
        if one.points:
            parts.append("<ul>\n" + "\n".join(f"  <li>{escape(point)}</li>" for point in one.points) + "\n</ul>")
    return "\n".join(parts) + "\n"


FORMS: dict[str, tuple[Callable[[list[Section]], str], str]] = {
    "txt": (as_text, "text/plain; charset=utf-8"),
    "md": (as_markdown, "text/markdown; charset=utf-8"),
    "html": (as_html, "text/html; charset=utf-8"),
}
