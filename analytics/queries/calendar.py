"""Time as the site sees it: periods, buckets and comparisons. The one place where a day begins (semantics.md, Time)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

INTERVALS = ("minute", "hour", "day", "week", "month")
NAMED = {
    "today": "Today", "yesterday": "Yesterday", "7d": "Last 7 days", "28d": "Last 28 days", "30d": "Last 30 days",
    "90d": "Last 90 days", "month": "Month to date", "year": "Year to date", "all": "All time",
}  # fmt: skip
COMPARISONS = {"": "No comparison", "previous_period": "Previous period", "year_over_year": "Same period last year"}
LONGEST_DAYS = 3700
OLDEST, NEWEST = date(1971, 1, 1), date(2100, 12, 31)  # ClickHouse's DateTime, less what analyses look back and ahead


class BadPeriod(ValueError):
    """A sentence that names what was expected and what was got."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of the site, both ends included."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def start(self) -> datetime:
        return midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The moment after the last day (exclusive), in UTC."""
        return midnight(self.last + timedelta(days=1), self.zone)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def is_partial(self, now: datetime) -> bool:
        return now < self.end


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of the day, in UTC. Where the clocks skip midnight, the day begins when they are done."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def get_period(text: str | list[str], zone: ZoneInfo, now: datetime, oldest: date | None = None) -> Period:
    """`text`: a name (7d …), one date, or [first, last]. `oldest`: where "all" begins."""
    today = now.astimezone(zone).date()
    if isinstance(text, list):
        return between(text, zone)
    starts = {
        "today": today, "month": today.replace(day=1), "year": today.replace(month=1, day=1),
        "all": min(oldest or today, today), "yesterday": today - timedelta(days=1),
    }  # fmt: skip
    if text in starts:
        return Period(starts[text], starts[text] if text == "yesterday" else today, zone)
    if text.endswith("d") and len(text) < 9 and text[:-1].isdigit() and 0 < int(text[:-1]) <= LONGEST_DAYS:
        return Period(today - timedelta(days=int(text[:-1]) - 1), today, zone)
    if len(text) == 10 and text[4:5] == "-":
        return between([text, text], zone)
    raise BadPeriod(
        f"date_range: expected one of {', '.join(NAMED)}, a number of days as in 14d, or [first, last]; got {text[:40]!r}"
    )


def between(dates: list[str], zone: ZoneInfo, field: str = "date_range") -> Period:
    try:
        first, last = (date.fromisoformat(str(day)[:10]) for day in dates)
    except ValueError:
        got = str(dates)[:80]
        raise BadPeriod(f'{field}: expected two dates as in ["2026-01-01", "2026-01-31"], got {got}') from None
    if last < first:
        raise BadPeriod(f"{field}: the last day {last} is before the first {first}")
    if (last - first).days > LONGEST_DAYS:
        raise BadPeriod(f"{field}: at most {LONGEST_DAYS} days, got {(last - first).days + 1}")
    if first < OLDEST or last > NEWEST:
        raise BadPeriod(f"{field}: expected days from {OLDEST} to {NEWEST}, got {first} to {last}")
    return Period(first, last, zone)


def compare_to(period: Period, how: str | list[str], match_weekday: bool = False) -> Period | None:
    """The period before of the same length, the same one a year before, or given dates.

    `match_weekday` moves it back or forth by up to 3 days, so that Mondays meet Mondays.
    """
    if not how:
        return None
    if isinstance(how, list):
        return between(how, period.zone, "compare")
    if period.first < OLDEST + timedelta(days=period.days + 366):
        raise BadPeriod(f"compare: the period before {period.first} would begin before {OLDEST}")
    if how == "previous_period":
        other = Period(period.first - timedelta(days=period.days), period.first - timedelta(days=1), period.zone)
    elif how == "year_over_year":
        first = a_year_before(period.first)
        other = Period(first, first + timedelta(days=period.days - 1), period.zone)
    else:
        raise BadPeriod(f"compare: expected previous_period, year_over_year or [first, last], got {how!r}")
    if match_weekday:
        shift = timedelta(days=(period.first.weekday() - other.first.weekday() + 3) % 7 - 3)
        if other.last + shift >= period.first:
            shift -= timedelta(days=7)
        other = Period(other.first + shift, other.last + shift, period.zone)
    return other


def a_year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)


def hour_after(now: datetime) -> datetime:
    """The end of this hour: what reads up to now asks the same for an hour, so that its answer can be remembered."""
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def default_interval(period: Period) -> str:
    if period.days <= 2:
        return "hour"
    return "day" if period.days <= 92 else "week" if period.days <= 370 else "month"


def first_of(day: date, interval: str) -> date:
    if interval == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if interval == "month" else day


def next_of(day: date, interval: str) -> date:
    if interval == "month":
        return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return day + timedelta(days=7 if interval == "week" else 1)


def day_starts(period: Period, interval: str) -> Iterator[datetime]:
    day = first_of(period.first, interval)
    while day <= period.last:
        yield max(midnight(day, period.zone), period.start)
        day = next_of(day, interval)


def hour_starts(period: Period, step: timedelta) -> Iterator[datetime]:
    """Whole hours on the wall clock, also where a zone is 5:45 from UTC or its clocks move by half an hour."""
    at = period.start
    while at < period.end:
        yield at
        local = at.astimezone(period.zone)
        into = timedelta(minutes=local.minute % (step.seconds // 60 or 60), seconds=local.second)
        at = first_change(at, at + step - into, period.zone)


def first_change(at: datetime, until: datetime, zone: ZoneInfo) -> datetime:
    """When the clocks move in between, which they do on a quarter of an hour; otherwise `until`."""
    offset, quarter = at.astimezone(zone).utcoffset(), at + timedelta(minutes=15)
    while quarter < until and quarter.astimezone(zone).utcoffset() == offset:
        quarter += timedelta(minutes=15)
    return min(quarter, until)


def get_buckets(period: Period, interval: str) -> list[datetime]:
    """The start of each bucket in UTC, without a gap. The first one of weeks and months is cut by the period."""
    makers: dict[str, Callable[[], Iterator[datetime]]] = {
        "minute": lambda: hour_starts(period, timedelta(minutes=1)),
        "hour": lambda: hour_starts(period, timedelta(hours=1)),
    }
    if interval not in INTERVALS:
        raise BadPeriod(f"interval: expected one of {', '.join(INTERVALS)}, got {interval!r}")
    if interval == "minute" and period.days > 2:
        raise BadPeriod("interval: minutes are for at most 2 days")
    if interval == "hour" and period.days > 100:
        raise BadPeriod("interval: hours are for at most 100 days")
    return list(makers.get(interval, lambda: day_starts(period, interval))())


def label_of(start: datetime, interval: str, zone: ZoneInfo) -> str:
    """How a bucket is named in results: its date, or below a day its moment with the offset from UTC."""
    local = start.astimezone(zone)
    if interval in ("minute", "hour"):
        return local.isoformat(timespec="minutes")
    return first_of(local.date(), interval).isoformat()
