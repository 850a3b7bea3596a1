"""What a saved thing has to be. Each raises BadQuery with the field, what was expected and what was got."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import Site
from analytics.queries.calendar import Period
from analytics.queries.dimensions import BadQuery
from analytics.queries.query import Query, check_query
from analytics.saved.models import Goal, Segment
from analytics.saved.resolve import filters_of_site


def check_goal(site: Site, data: dict[str, Any]) -> None:
    kind, target, least = data.get("kind", Goal.Kind.EVENT), data.get("target", ""), data.get("threshold")
    if kind == Goal.Kind.PAGE and not target.startswith("/"):
        raise BadQuery("target", f"expected a page as in /thanks or /docs/**, got {target[:80]!r}")
    if kind == Goal.Kind.EVENT and not target:
        raise BadQuery("target", "expected the name of an event")
    if kind == Goal.Kind.SCROLL:
        if least is None or not 1 <= least <= 100:
            raise BadQuery("threshold", "expected how far down the page, 1 to 100 percent")
        if target and not target.startswith("/"):
            raise BadQuery("target", f"expected a page, or nothing for all of them, got {target[:80]!r}")
    if kind == Goal.Kind.REVENUE and least is not None and least < 0:
        raise BadQuery("threshold", f"expected an amount of 0 or more, got {least}")
    filters_of_site(site, data.get("filters") or [])


def check_segment(site: Site, data: dict[str, Any]) -> None:
    filters = filters_of_site(site, data.get("filters") or [])
    if not filters:
        raise BadQuery("filters", "expected at least one filter")
    if data.get("kind", Segment.Kind.SEGMENT) != Segment.Kind.SEGMENT and not 1 <= data.get("days", 90) <= 1095:
        raise BadQuery("days", f"expected 1 to 1095 days, got {data['days']}")
    day = date(2026, 1, 1)
    check_query(Query(site.pk, Period(day, day, ZoneInfo("UTC")), ("visitors",), filters=filters))
