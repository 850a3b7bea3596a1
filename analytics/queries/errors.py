"""Errors of pages, grouped (semantics.md): by type, message without numbers and ids, and top in-app frame."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from analytics.queries import calendar
from analytics.queries.conditions import Bound
from analytics.queries.people import Scope, events_of, params_of
from analytics.queries.store import cached, fill


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """`apart`: ResizeObserver and cross-origin "Script error.", which tell nothing. `trend`: errors by interval."""

    kind: str
    message: str
    frame: str
    errors: int
    sessions: int
    people: int
    first_seen: datetime
    last_seen: datetime
    example: str
    paths: list[str]
    apart: bool
    trend: list[int]


def run(scope: Scope, limit: int = 50, tag: str = "errors") -> list[ErrorGroup]:
    starts = calendar.get_buckets(scope.period, calendar.default_interval(scope.period))
    found = []
    for kind, message, frame, errors, sessions, people, first, last, example, paths, apart, when in cached(
        *statement(scope, starts, limit), tag
    ):
        trend = dict(zip(*when, strict=True))
        found.append(
            ErrorGroup(
                kind, message, frame, errors, sessions, people, first.replace(tzinfo=UTC), last.replace(tzinfo=UTC), example,
                list(paths), bool(apart), [int(trend.get(int(at.timestamp()), 0)) for at in starts],
            )
        )  # fmt: skip
    return found


def statement(scope: Scope, starts: list[datetime], limit: int) -> tuple[str, dict[str, Any]]:
    bound = Bound({"bucket_starts": [int(at.timestamp()) for at in starts], "most": limit})
    return fill("errors", events=events_of(scope, bound, kinds=frozenset({"error"}))), params_of(scope, bound)
