"""Retention (semantics.md): of those who began in a day, week or month, how many came back in the ones after."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from analytics.queries import calendar
from analytics.queries.calendar import Period
from analytics.queries.conditions import Bound
from analytics.queries.dimensions import BadQuery
from analytics.queries.filters import Filter
from analytics.queries.people import ANY, EVER, Scope, Selector, condition, events_of, params_of, presence_of
from analytics.queries.store import cached, fill, read_report, second

MOST_INTERVALS, MOST_COHORTS = 60, 120
NOBODY_KNOWN = (
    "Nobody is identified in this period: without consent or identify(), visitors get a new hash each day, so none can be"
    " seen to come back."
)


@dataclass(frozen=True, slots=True)
class Retention:
    """`intervals`: how many after the first. `first_time`: a person belongs where their first start event ever lies."""

    scope: Scope
    start: Selector = ANY
    back: Selector = ANY
    interval: Literal["day", "week", "month"] = "day"
    intervals: int = 7
    first_time: bool = True
    or_after: bool = False  # "on or after" the n-th interval in place of "on" it


@dataclass(frozen=True, slots=True)
class Cell:
    """Incomplete: the interval has not ended yet."""

    people: int
    share: float | None
    complete: bool


@dataclass(frozen=True, slots=True)
class Cohort:
    first: date
    people: int
    cells: list[Cell]  # the first is interval 0


@dataclass(frozen=True, slots=True)
class RetentionResult:
    """`averages`: percent by interval, of all people of the cohorts whose interval is complete; None where there are none."""

    cohorts: list[Cohort]
    averages: list[float | None]
    reason: str  # why it is empty


def check_retention(retention: Retention) -> list[datetime]:
    """The starts of all intervals that are looked at, cohorts first, and the end of the last. Raises BadQuery."""
    if retention.interval not in ("day", "week", "month"):
        raise BadQuery("interval", f"expected day, week or month, got {retention.interval[:40]!r}")
    if not 1 <= retention.intervals <= MOST_INTERVALS:
        raise BadQuery("intervals", f"expected 1 to {MOST_INTERVALS}, got {retention.intervals}")
    cohorts = cohort_days(retention)
    if len(cohorts) > MOST_COHORTS:
        raise BadQuery(
            "date_range", f"at most {MOST_COHORTS} cohorts, got {len(cohorts)}; a longer interval makes fewer"
        )
    days = list(cohorts)
    for _ in range(retention.intervals + 1):
        days.append(calendar.next_of(days[-1], retention.interval))
    return [calendar.midnight(day, retention.scope.period.zone) for day in days]


def cohort_days(retention: Retention) -> list[date]:
    """Whole calendar intervals: the first may begin before the period, whose days alone count for the cohort."""
    period, days = retention.scope.period, []
    day = calendar.first_of(period.first, retention.interval)
    while day <= period.last:
        days.append(day)
        day = calendar.next_of(day, retention.interval)
    return days


def run(retention: Retention, now: datetime | None = None, tag: str = "retention") -> RetentionResult:
    now, bounds = now or datetime.now(UTC), check_retention(retention)
    starts, width = cohort_days(retention), retention.intervals
    counts: defaultdict[tuple[int, int], int] = defaultdict(int)
    sizes: defaultdict[int, int] = defaultdict(int)
    for cohort, offset, people in cached(*statement(retention, bounds), tag):
        if offset == 0:
            sizes[cohort] = people
        elif retention.or_after:
            for n in range(1, min(offset, width) + 1):
                counts[cohort, n] += people
        else:
            counts[cohort, offset] = people
    cohorts = []
    for i, first in enumerate(starts):
        people = [sizes[i], *(counts[i, n] for n in range(1, width + 1))]
        cells = [
            Cell(number, round(100 * number / sizes[i], 4) if sizes[i] else None, bounds[i + n + 1] <= now)
            for n, number in enumerate(people)
        ]
        cohorts.append(Cohort(first, sizes[i], cells))
    reason = "" if any(c.people for c in cohorts) else why_empty(retention)
    return RetentionResult(cohorts, [average(cohorts, n) for n in range(width + 1)], reason)


def average(cohorts: list[Cohort], n: int) -> float | None:
    done = [(c.people, c.cells[n].people) for c in cohorts if c.cells[n].complete and c.people]
    whole = sum(people for people, _ in done)
    return round(100 * sum(back for _, back in done) / whole, 4) if whole else None


def why_empty(retention: Retention) -> str:
    period = retention.scope.period
    span = {"start": second(period.start), "end": second(period.end)}
    known = read_report("known_people", retention.scope.site_id, **span)[0]
    if not known[0]:
        return "No event in this period."
    return "Nobody did the first event in this period." if known[1] else NOBODY_KNOWN


def get_days_back(
    site_id: int, period: Period, now: datetime | None = None, filters: tuple[Filter, ...] = ()
) -> dict[int, float | None]:
    """D1, D7 and D30: of those first seen in the period, percent that were back on that day; complete days alone.

    Of a long period the last 120 days count."""
    first = max(period.first, period.last - timedelta(days=MOST_COHORTS - 1))
    period = Period(first, period.last, period.zone)
    result = run(Retention(Scope(site_id, period, filters), intervals=30), now, "retention.days")
    return {n: result.averages[n] for n in (1, 7, 30)}


def statement(retention: Retention, bounds: list[datetime]) -> tuple[str, dict[str, Any]]:
    """First-time cohorts read the start event from the beginning of the history; both read on to the last interval."""
    bound, period = Bound(), retention.scope.period
    bound.values |= {
        "bounds": [int(at.timestamp()) for at in bounds],
        "cohorts": len(cohort_days(retention)),
        "first": int(period.start.timestamp() * 1000),
        "last": int(period.end.timestamp() * 1000),
    }
    start, back = condition(retention.start, bound), condition(retention.back, bound)
    until = max(bounds[-1], calendar.hour_after(datetime.now(UTC))) if retention.or_after else bounds[-1]
    since = EVER if retention.first_time else None
    scope = Scope(retention.scope.site_id, period, retention.scope.filters, until, since)
    source = presence_of if retention.start == retention.back == ANY else events_of
    sql = fill(
        "retention", starts_event=start, back_event=back, events=source(scope, bound, f"({start} OR {back}) AND is_known"),
        began="[min_start]" if retention.first_time else "all_starts",
        recurring="false" if retention.first_time else "true",
        offsets="if(empty(later), later, [arrayMax(later)])" if retention.or_after else "later",
    )  # fmt: skip
    return sql, params_of(scope, bound)
