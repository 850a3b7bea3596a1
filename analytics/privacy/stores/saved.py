"""What people saved on a site: an id of a person may stand in a filter or in a note. It is replaced, the rest stays."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, unquote_plus

from django.db.models import Model

from analytics.privacy.reach import Reach
from analytics.saved.models import Annotation, DefinedEvent, Goal, Link, Segment, View

ERASED = "[erased]"
FIELDS: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (Segment, ("name", "filters")), (Goal, ("name", "target", "filters")), (DefinedEvent, ("name", "selector", "page")),
    (Annotation, ("text", "link")), (View, ("name", "query")), (Link, ("name", "query")),
)  # fmt: skip
# Words, parted by signs that may as well belong to an id (auth0|4711), as they are or quoted in an address (%7C).
PARTING = r"\s\"'\[\](){}<>,;|&=:/?#*\\.!%\u2018\u2019\u201c\u201d_"
PIECES = re.compile(rf"%[2-7][0-9A-Fa-f]|((?:[^{PARTING}]|%(?![2-7][0-9A-Fa-f]))+)")
CHUNKS = re.compile(r"[^\s\"']+")
MOST_PIECES = 8  # that an id is looked for in


def cleaned(value: Any, reach: Reach) -> Any:
    """The value without the person's id, be it the whole text or a word in it."""
    if isinstance(value, list):
        return [cleaned(one, reach) for one in value]
    if isinstance(value, dict):
        return {name: cleaned(one, reach) for name, one in value.items()}
    if not isinstance(value, str):
        return value
    if reach.subject.is_named(value):
        return ERASED
    whole = CHUNKS.sub(lambda found: ERASED if is_person(found[0], reach) else found[0], value)
    return without_person(whole, reach)


def is_person(text: str, reach: Reach) -> bool:
    """As it is, unquoted as in an address (+ may be a blank), or with a | in it that was written \\|."""
    spellings = {text}
    if "%" in text or "+" in text:
        spellings |= {unquote(text), unquote_plus(text)}
    if "\\" in text or "%5" in text:
        spellings |= {one.replace("\\|", "|") for one in spellings}
    return any(reach.subject.is_named(one) for one in spellings)


def without_person(text: str, reach: Reach) -> str:
    """The longest run of pieces that is the id goes."""
    pieces = [found.span() for found in PIECES.finditer(text) if found[1]]
    made, done, i = "", 0, 0
    while i < len(pieces):
        start, step = pieces[i][0], 1
        for length in range(min(MOST_PIECES, len(pieces) - i), 0, -1):
            end = pieces[i + length - 1][1]
            if is_person(text[start:end], reach):
                made, done, step = f"{made}{text[done:start]}{ERASED}", end, length
                break
        i += step
    return made + text[done:]


def changes(reach: Reach) -> Iterator[tuple[Model, dict[str, Any]]]:
    for kind, names in FIELDS:
        for thing in kind._default_manager.filter(site_id=reach.site_id):
            made = {name: cleaned(getattr(thing, name), reach) for name in names}
            changed = {name: value for name, value in made.items() if value != getattr(thing, name)}
            if changed:
                yield thing, changed


def find(reach: Reach) -> int:
    return sum(1 for _ in changes(reach))


def erase(reach: Reach) -> None:
    for thing, changed in list(changes(reach)):
        for name, value in changed.items():
            setattr(thing, name, value)
        thing.save(update_fields=list(changed))


def export(reach: Reach) -> Iterator[dict[str, Any]]:
    for thing, changed in changes(reach):
        yield {"kind": type(thing).__name__, "fields": sorted(changed)}
