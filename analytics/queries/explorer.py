"""What is in the events: their types, properties and values."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from analytics.queries.conditions import Bound
from analytics.queries.people import Scope, Selector, condition, events_of, params_of, presence_of
from analytics.queries.plan import fits_visits
from analytics.queries.store import cached, fill


@dataclass(frozen=True, slots=True)
class EventType:
    name: str
    events: int
    people: int
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Property:
    name: str
    events: int
    distinct: int
    examples: list[tuple[str, int]]


def get_event_types(scope: Scope, limit: int = 200, tag: str = "explorer") -> list[EventType]:
    bound = Bound({"most": limit})
    rows = cached(fill("event_types", events=events_of(scope, bound)), params_of(scope, bound), tag)
    return [EventType(name, events, people, last.replace(tzinfo=UTC)) for name, events, people, last in rows]


def get_event_names(scope: Scope, limit: int = 200, tag: str = "explorer") -> list[str]:
    """The types alone, the most frequent first: quick, for what only needs their names."""
    if not fits_visits(scope.filters):
        return [kind.name for kind in get_event_types(scope, limit, tag)]
    bound = Bound({"most": limit})
    unfiltered = fill("traffic_names", names="types")
    sql = fill("event_names", visits=presence_of(scope, bound)) if scope.filters else unfiltered
    return [str(name) for name, _ in cached(sql, params_of(scope, bound), tag)]


def get_properties(scope: Scope, selector: Selector, limit: int = 60, tag: str = "explorer") -> list[Property]:
    """Of the events meant, those that occur most often first, with their commonest values."""
    rows = cached(*statement(scope, selector, limit), tag)
    return [
        Property(name, events, distinct, list(zip(values, counts, strict=True)))
        for name, events, distinct, values, counts in rows
    ]


def statement(scope: Scope, selector: Selector, limit: int) -> tuple[str, dict[str, Any]]:
    bound = Bound({"most": limit})
    sql = fill("event_properties", events=events_of(scope, bound, condition(selector, bound)))
    return sql, params_of(scope, bound)
