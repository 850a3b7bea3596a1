"""Goals side by side (semantics.md, Conversion and funnels): converters, conversions and revenue of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from analytics.queries import query as core
from analytics.queries.conditions import Bound
from analytics.queries.metrics import once_per_order
from analytics.queries.people import Scope, Selector, condition, events_of, kinds_of_all, params_of
from analytics.queries.query import Query
from analytics.queries.store import fill, soon


@dataclass(frozen=True, slots=True)
class Achieved:
    """`rate`: percent of the visitors in the same scope without the goal's own filter."""

    name: str
    people: int
    conversions: int
    revenue: Decimal
    rate: float | None


def run(scope: Scope, goals: Sequence[Selector], now: datetime | None = None, tag: str = "goals") -> list[Achieved]:
    return begin(scope, goals, now, tag)()


def begin(
    scope: Scope, goals: Sequence[Selector], now: datetime | None = None, tag: str = "goals"
) -> Callable[[], list[Achieved]]:
    if not goals:
        return list
    rows = soon(*statement(scope, goals), tag)
    visitors = Query(scope.site_id, scope.period, ("visitors",), filters=scope.filters)
    return lambda: achieved(goals, rows()[0], core.run(visitors, now, tag).totals[0])


def achieved(goals: Sequence[Selector], row: tuple[Any, ...], visitors: int) -> list[Achieved]:
    made = []
    for i, goal in enumerate(goals):
        people, conversions, revenue = row[3 * i : 3 * i + 3]
        rate = round(100 * people / visitors, 4) if visitors else None
        made.append(Achieved(goal.label, people, conversions, Decimal(revenue), rate))
    return made


def statement(scope: Scope, goals: Sequence[Selector]) -> tuple[str, dict[str, Any]]:
    bound = Bound()
    terms = [condition(goal, bound) for goal in goals]
    select = ", ".join(
        f"uniqExactIf(person, g{i}), (countIf(g{i} AND order_id = '') + uniqExactIf(order_id, g{i} AND order_id != '')),"
        f" {once_per_order(f'g{i}')}"
        for i in range(len(goals))
    )
    flags = ", ".join(f"{term} AS g{i}" for i, term in enumerate(terms))
    events = events_of(scope, bound, " OR ".join(terms), kinds_of_all(goals), once=True)
    sql = fill("goals", select=select, flags=flags, events=events)
    return sql, params_of(scope, bound)
