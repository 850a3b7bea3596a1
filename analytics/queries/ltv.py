"""Lifetime value (semantics.md): observed cumulative revenue per person of a cohort after n days."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from analytics.queries import calendar
from analytics.queries.conditions import Bound
from analytics.queries.dimensions import BadQuery
from analytics.queries.kinds import SALES
from analytics.queries.people import EVER, Scope, events_of, params_of, presence_of
from analytics.queries.plan import fits_visits
from analytics.queries.store import cached, fill

BY = ("cohort", "channel", "source", "utm_campaign", "country", "device_type")
DAYS = (0, 7, 30, 60, 90)


@dataclass(frozen=True, slots=True)
class Ltv:
    """`of`: people from their first event on, or customers from their first purchase on; first means ever. Cohorts are the
    intervals in which that lies. `by` something else: what the first event says."""

    scope: Scope
    by: str = "cohort"
    interval: str = "month"
    of: str = "people"
    days: tuple[int, ...] = DAYS


@dataclass(frozen=True, slots=True)
class LtvRow:
    """`values`: revenue per person in the first n days of 24 hours (0: one, too); `complete`: everybody has had them."""

    value: str
    people: int
    customers: int
    revenue: Decimal
    values: list[Decimal | None]
    complete: list[bool]


def check_ltv(ltv: Ltv) -> None:
    for name, value, allowed in (
        ("by", ltv.by, BY), ("interval", ltv.interval, ("day", "week", "month")), ("of", ltv.of, ("people", "customers")),
    ):  # fmt: skip
        if value not in allowed:
            raise BadQuery(name, f"expected one of {', '.join(allowed)}; got {value[:40]!r}")
    if (
        not 1 <= len(ltv.days) <= 20
        or not all(0 <= n <= 1500 for n in ltv.days)
        or list(ltv.days) != sorted(set(ltv.days))
    ):
        raise BadQuery("days", f"expected 1 to 20 rising numbers from 0 to 1500, got {list(ltv.days)!r:.80}")


def run(ltv: Ltv, now: datetime | None = None, tag: str = "ltv") -> list[LtvRow]:
    check_ltv(ltv)
    now, period = now or datetime.now(UTC), ltv.scope.period
    groups: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in cached(*statement(ltv, now), tag):
        groups[str(row[0])].append(row)
    rows = []
    for value, (row, *_) in groups.items():
        _, people, customers, revenue, sums, newest = row
        complete = [newest.replace(tzinfo=UTC) + timedelta(days=max(n, 1)) <= now for n in ltv.days]
        values = [Decimal(s).quantize(Decimal("0.0001")) / people for s in sums]
        label = cohort_label(int(value), ltv.interval, period) if ltv.by == "cohort" else value
        rows.append(
            LtvRow(label, people, customers, revenue, [v.quantize(Decimal("0.0001")) for v in values], complete)
        )
    return sorted(rows, key=lambda row: ("" if ltv.by == "cohort" else f"{-row.people + 10**12:013}", row.value))


def cohort_label(start: int, interval: str, period: calendar.Period) -> str:
    local: date = datetime.fromtimestamp(start, UTC).astimezone(period.zone).date()
    return calendar.first_of(local, interval).isoformat()


def statement(ltv: Ltv, now: datetime) -> tuple[str, dict[str, Any]]:
    period = ltv.scope.period
    scope = Scope(
        ltv.scope.site_id, period, ltv.scope.filters, until=max(calendar.hour_after(now), period.end), since=EVER
    )
    bound = Bound({
        "bucket_starts": [int(at.timestamp()) for at in calendar.get_buckets(period, ltv.interval)],
        "days": [max(n, 0) * 86_400_000 for n in ltv.days],
        "since": int(period.start.timestamp() * 1000), "before": int(period.end.timestamp() * 1000),
    })  # fmt: skip
    cohort = "toString(roundDown(toUInt32(first_moment / 1000), {bucket_starts:Array(UInt32)}))"
    return fill(
        "ltv", moments=moments_of(ltv, scope, bound), value=cohort if ltv.by == "cohort" else "first_value"
    ), params_of(scope, bound)


def moments_of(ltv: Ltv, scope: Scope, bound: Bound) -> str:
    """Beginnings and sales. When somebody came first, visits know; only filters by event need all events for it."""
    by = "''" if ltv.by == "cohort" else ltv.by
    if ltv.of == "people" and fits_visits(scope.filters):
        sales = fill(
            "ltv_events", events=events_of(scope, bound, "is_known", SALES, once=True), begins="false", by="''"
        )
        return fill("ltv_visits", visits=presence_of(scope, bound, "is_known"), by=by, sales=sales)
    kinds = SALES if ltv.of == "customers" else frozenset[str]()
    begins = "true" if ltv.of == "people" else "event_type = 'purchase'"
    return fill("ltv_events", events=events_of(scope, bound, "is_known", kinds, once=True), begins=begins, by=by)
