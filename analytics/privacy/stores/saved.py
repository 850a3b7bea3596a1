"""What people saved on a site: an id of a person may stand in a filter or in a note. It is replaced, the rest stays."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from django.db.models import Model

from analytics.privacy.reach import Reach
from analytics.saved.models import Annotation, DefinedEvent, Goal, Link, Segment, View

ERASED = "[erased]"
FIELDS: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (Segment, ("name", "filters")), (Goal, ("name", "target", "filters")), (DefinedEvent, ("name", "selector", "page")),
    (Annotation, ("text", "link")), (View, ("name", "query")), (Link, ("name", "query")),
)  # fmt: skip
WORDS = re.compile(r"[^\s\"'\[\](){}<>,;|&=:/?#*]+")


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

    def word(found: re.Match[str]) -> str:
        is_id = reach.subject.is_named(found[0]) or reach.subject.is_named(unquote(found[0]))
        return ERASED if is_id else found[0]

    return WORDS.sub(word, value)


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
