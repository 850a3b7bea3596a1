"""Lifecycle (semantics.md, Activity): who is new, came back again, came back after a while, or stayed away."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from analytics.queries import calendar
from analytics.queries.calendar import Period
from analytics.queries.conditions import Bound
from analytics.queries.dimensions import BadQuery
from analytics.queries.filters import Filter
from analytics.queries.people import EVER, Scope, params_of, presence_of
from analytics.queries.store import cached, fill

INTERVALS = ("day", "week", "month")
MOST = 400
NOBODY: tuple[Any, ...] = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Stage:
    """People of one interval; dormant ones were there in the one before. Incomplete: it has not ended yet."""

    first: date
    new: int
    returning: int
    resurrecting: int
    dormant: int
    complete: bool


def run(
    site_id: int, period: Period, interval: str = "week", filters: tuple[Filter, ...] = (), now: datetime | None = None
) -> list[Stage]:
    """Of known people; whole calendar intervals, the first of which may begin before the period."""
    if interval not in INTERVALS:
        raise BadQuery("interval", f"expected day, week or month, got {interval[:40]!r}")
    now = now or datetime.now(UTC)
    days = [calendar.first_of(period.first, interval)]
    while (following := calendar.next_of(days[-1], interval)) <= period.last:
        days.append(following)
    if len(days) > MOST:
        raise BadQuery("date_range", f"at most {MOST} intervals, got {len(days)}; longer ones make fewer")
    before = calendar.first_of(days[0] - timedelta(days=1), interval)
    end = calendar.next_of(days[-1], interval)
    starts = [calendar.midnight(day, period.zone) for day in (before, *days, end)]
    found: dict[int, tuple[Any, ...]] = {
        row[0]: row[1:] for row in cached(*statement(site_id, period, starts, filters), "lifecycle")
    }
    stages = []
    for i, day in enumerate(days, 2):
        new, returning, resurrecting, dormant = found.get(i, NOBODY)
        complete = starts[i] <= now  # starts[i] follows the interval
        stages.append(Stage(day, new, returning, resurrecting, dormant, complete))
    return stages


def statement(
    site_id: int, period: Period, starts: list[datetime], filters: tuple[Filter, ...]
) -> tuple[str, dict[str, Any]]:
    """Positions: 0 is the history before, 1 the interval before the first that is shown, 2 the first one."""
    scope = Scope(site_id, period, filters, until=starts[-1], since=EVER)
    bound = Bound({"bounds": [0, *(int(at.timestamp()) for at in starts[:-1])]})
    sql = fill("lifecycle", events=presence_of(scope, bound, "is_known"))
    return sql, params_of(scope, bound)
