"""Cohorts: the people who fit a segment's filters, kept as of a moment."""

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from analytics.queries import cohort
from analytics.queries.calendar import Period
from analytics.queries.people import Scope
from analytics.saved.models import Segment
from analytics.saved.resolve import filters_of_site


def do_calculate(segment: Segment, now: datetime | None = None) -> int:
    """How many people; they take the place of the former ones at once, and a failure leaves those. Raises BadQuery."""
    now = now or datetime.now(UTC)
    zone = ZoneInfo(segment.site.timezone)
    today = now.astimezone(zone).date()
    scope = Scope(
        segment.site_id, Period(today - timedelta(days=segment.days - 1), today, zone),
        filters_of_site(segment.site, segment.filters),
    )  # fmt: skip
    version = max(int(time.time()), segment.version + 1)
    people = cohort.do_write(scope, segment.pk, version)
    Segment.objects.filter(pk=segment.pk).update(version=version, people=people)
    cohort.do_forget(segment.site_id, segment.pk, before=segment.version)
    segment.version, segment.people = version, people
    return people


def do_delete(segment: Segment) -> None:
    """With the people of a cohort, and those before it: what fails leaves it as it is. Raises StoreError."""
    if segment.version:
        cohort.do_forget(segment.site_id, segment.pk)
    segment.delete()


def get_as_of(segment: Segment) -> datetime | None:
    return datetime.fromtimestamp(segment.version, UTC) if segment.version else None


def do_calculate_all() -> None:
    """Each dynamic cohort; one that fails keeps its people and does not hold up the others."""
    for segment in Segment.objects.filter(kind=Segment.Kind.DYNAMIC).select_related("site"):
        cohort.attempt(f"cohort {segment.pk}", partial(do_calculate, segment))
