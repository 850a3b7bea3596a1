"""Daily, weekly and monthly active people, and stickiness (semantics.md, Activity)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from analytics.queries.calendar import Period, midnight
from analytics.queries.conditions import Bound
from analytics.queries.filters import Filter
from analytics.queries.people import Scope, params_of, presence_of
from analytics.queries.store import cached, fill, moment


@dataclass(frozen=True, slots=True)
class Activity:
    """People known by user or device: the hash of a day cannot be seen on two days. Stickiness: DAU / MAU in percent."""

    day: date
    dau: int
    wau: int
    mau: int
    stickiness: float | None


def run(site_id: int, period: Period, now: datetime, filters: tuple[Filter, ...] = ()) -> Activity:
    """As of the last day of the period that is over, or its last day where none is."""
    day = period.last
    if day > period.first and midnight(day + timedelta(days=1), period.zone) > now:
        day = min(day, now.astimezone(period.zone).date()) - timedelta(days=1)
    zone, bound = period.zone, Bound()
    scope = Scope(site_id, Period(day - timedelta(days=29), day, zone), filters)
    sql = fill("activity", events=presence_of(scope, bound, "is_known"))
    starts = {"day": moment(midnight(day, zone)), "week": moment(midnight(day - timedelta(days=6), zone))}
    ((dau, wau, mau),) = cached(sql, params_of(scope, bound) | starts, "activity")
    return Activity(day, dau, wau, mau, round(100 * dau / mau, 4) if mau else None)
