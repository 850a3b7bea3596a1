"""Engagement score (semantics.md, Activity), 0 to 100 per person and week; weights and caps are the site's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from analytics.queries import calendar
from analytics.queries.conditions import Bound
from analytics.queries.people import Scope, events_of, params_of
from analytics.queries.store import cached, fill

PARTS = {
    "active_days": ("active days", 0.35, 5), "engaged_minutes": ("engaged minutes", 0.25, 30),
    "core_actions": ("core actions", 0.25, 10), "features": ("distinct features", 0.15, 5),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Formula:
    """Weight and cap of each part, in the order of PARTS. Without events named, every interaction that is neither a page view
    nor a click is a core action, and its type a feature."""

    weights: tuple[float, ...] = tuple(weight for _, weight, _ in PARTS.values())
    caps: tuple[float, ...] = tuple(float(cap) for _, _, cap in PARTS.values())
    core: Sequence[str] = ()
    features: Sequence[str] = ()

    @property
    def text(self) -> str:
        terms = [
            f"{weight:g} min({label} / {cap:g}, 1)"
            for (label, *_), weight, cap in zip(PARTS.values(), self.weights, self.caps, strict=True)
        ]
        return f"100 × ({' + '.join(terms)})"


@dataclass(frozen=True, slots=True)
class Week:
    """`parts`: means of the four figures behind the score. `spread`: people by fifth of the scale, lowest first."""

    first: date
    people: int
    score: float | None
    parts: list[float]
    spread: list[int]
    complete: bool


def run(scope: Scope, formula: Formula | None = None, now: datetime | None = None) -> list[Week]:
    """Of known people. The first and the last week count the days that lie in the period."""
    formula, now, period = formula or Formula(), now or datetime.now(UTC), scope.period
    starts = calendar.get_buckets(period, "week")
    found = {row[0]: row[1:] for row in cached(*statement(scope, formula, starts), "engagement")}
    weeks = []
    for start, end in zip(starts, [*starts[1:], period.end], strict=True):
        people, score, parts, spread = found.get(int(start.timestamp()), (0, None, [0.0] * 4, [0] * 5))
        first = calendar.first_of(start.astimezone(period.zone).date(), "week")
        shown = None if score is None else round(score, 2)
        weeks.append(Week(first, people, shown, [round(p, 2) for p in parts], list(spread), end <= now))
    return weeks


def statement(scope: Scope, formula: Formula, starts: list[datetime]) -> tuple[str, dict[str, Any]]:
    bound = Bound({
        "weeks": [int(at.timestamp()) for at in starts], "weights": list(formula.weights), "caps": list(formula.caps),
        "zone": str(scope.period.zone),
    })  # fmt: skip
    meant = "(interactive AND event_type NOT IN ('page_view', 'click'))"
    named = [
        f"has({bound.add(list(names), 'Array(String)')}, event_type)" if names else meant
        for names in (formula.core, formula.features)
    ]
    sql = fill("engagement", core=named[0], feature=named[1], events=events_of(scope, bound, "is_known"))
    return sql, params_of(scope, bound)
