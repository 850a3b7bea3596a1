"""New against returning customers: a customer is new in the interval of their first purchase ever."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from analytics.queries import calendar
from analytics.queries.conditions import Bound
from analytics.queries.people import EVER, Scope, events_of, params_of
from analytics.queries.store import cached, fill


@dataclass(frozen=True, slots=True)
class Sales:
    customers: int
    orders: int
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class Bucket:
    start: str
    new: Sales
    returning: Sales
    complete: bool


@dataclass(frozen=True, slots=True)
class CustomersResult:
    """Totals are of the whole period: who bought for the first time in it is new in all of it."""

    buckets: list[Bucket]
    new: Sales
    returning: Sales


def run(scope: Scope, interval: str = "", now: datetime | None = None, tag: str = "customers") -> CustomersResult:
    now, period = now or datetime.now(UTC), scope.period
    interval = interval or calendar.default_interval(period)
    starts = calendar.get_buckets(period, interval)
    found: dict[tuple[int, int, int], Sales] = {}
    for is_total, at, is_new, customers, orders, revenue in cached(*statement(scope, starts), tag):
        found[is_total, 0 if is_total else at, is_new] = Sales(customers, orders, Decimal(revenue))
    nothing = Sales(0, 0, Decimal(0))
    buckets = [
        Bucket(
            calendar.label_of(start, interval, period.zone), found.get((0, int(start.timestamp()), 1), nothing),
            found.get((0, int(start.timestamp()), 0), nothing), end <= now,
        )
        for start, end in zip(starts, [*starts[1:], period.end], strict=True)
    ]  # fmt: skip
    return CustomersResult(buckets, found.get((1, 0, 1), nothing), found.get((1, 0, 0), nothing))


def statement(scope: Scope, starts: list[datetime]) -> tuple[str, dict[str, Any]]:
    bound = Bound({
        "bucket_starts": [int(at.timestamp()) for at in starts], "since": int(scope.period.start.timestamp() * 1000),
    })  # fmt: skip
    ever = replace(scope, since=EVER)
    sql = fill("customers", events=events_of(ever, bound, kinds=frozenset({"purchase"}), once=True))
    return sql, params_of(ever, bound)
