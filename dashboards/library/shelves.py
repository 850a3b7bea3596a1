"""What can be kept on a site, each as a page."""

from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.timezone import now

from accounts.models import Role, Site
from analytics.saved import cohorts
from analytics.saved.models import Annotation, DefinedEvent, ExchangeRate, Goal, Link, Report, Segment
from dashboards.apart import year_of
from dashboards.library import forms
from dashboards.library.shelf import Row, Shelf


def day_of(moment: datetime, site: Site) -> str:
    local = moment.astimezone(ZoneInfo(site.timezone))
    return f"{local.day} {local:%b %Y, %H:%M}"


def day_text(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def goal_row(goal: Goal, site: Site) -> Row:
    least = f" ≥ {goal.threshold.normalize():f}" if goal.threshold is not None else ""
    return (goal.name, goal.get_kind_display(), f"{goal.target}{least}".strip())


def segment_row(segment: Segment, site: Site) -> Row:
    as_of = cohorts.get_as_of(segment)
    told = f"{segment.people or 0:,} people as of {day_of(as_of, site)}" if as_of else ""
    return (segment.name, segment.get_kind_display().partition(":")[0], told)


def do_calculate(segment: Segment, request: HttpRequest) -> None:
    if segment.is_cohort:
        cohorts.do_calculate(segment)


def link_row(link: Link, site: Site) -> Row:
    state = "ended" if not link.is_open else f"until {day_of(link.expires_at, site)}" if link.expires_at else "no end"
    extras = [text for text, fits in (("password", link.password), ("may be embedded", link.embed)) if fits]
    return (link.name, link.page.capitalize(), ", ".join([state, *extras]))


def link_initial(request: HttpRequest) -> dict[str, Any]:
    """The filters and the period of the page that is being shared."""
    pairs = parse_qsl(request.GET.urlencode())
    kept = [
        (name, value) for name, value in pairs if name in ("period", "from", "to", "f", "segment", "compare", "metric")
    ]
    return {"page": request.GET.get("page", "executive"), "query": urlencode(kept), "name": "Shared dashboard"}


def report_row(report: Report, site: Site) -> Row:
    least = f" ({report.threshold})" if report.threshold is not None else ""
    return (f"{report.get_kind_display()}{least}", ", ".join(report.recipients), report.sent_for or "not yet")


GOALS = Shelf(
    "goals",
    "Goals",
    "What you want people to reach. Each has its conversion rate on the Executive page, and can be a step of a funnel.",
    Goal,
    forms.GoalForm,
    ("Goal", "Reached when", "What"),
    goal_row,
    "No goal yet.",
    "goal",
)
DEFINED_EVENTS = Shelf(
    "defined-events",
    "Events from clicks",
    "Clicks are captured as they come. Give those on one element a name, and it is an event, also in the past.",
    DefinedEvent,
    forms.DefinedEventForm,
    ("Event", "Element", "Page"),
    lambda one, site: (one.name, one.selector, one.page or "every page"),
    "No event is defined yet.",
    "event",
)
SEGMENTS = Shelf(
    "segments",
    "Segments and cohorts",
    "Filters under a name. A segment is asked anew each time; a cohort holds the people who fitted when it was calculated.",
    Segment,
    forms.SegmentForm,
    ("Name", "Kind", "People"),
    segment_row,
    "No segment yet. Filter a dashboard and save it there, or write one here.",
    "segment",
    saved=do_calculate,
    deleted=cohorts.do_delete,
)
ANNOTATIONS = Shelf(
    "annotations",
    "Annotations",
    "Releases, campaigns, outages: they stand in the charts, so that nobody has to remember."
    " Deploy scripts add them by the API.",
    Annotation,
    forms.AnnotationForm,
    ("When", "What happened", "Link"),
    lambda one, site: (day_of(one.moment, site), one.text, one.link),
    "No annotation yet.",
    "annotation",
    initial=lambda request: {"moment": now()},
)
LINKS = Shelf(
    "links",
    "Shared links",
    "A dashboard for people without an account, with the filters and the period it was shared"
    " with. Single people are never shown.",
    Link,
    forms.LinkForm,
    ("Name", "Dashboard", "State"),
    link_row,
    "No dashboard is shared.",
    "link",
    Role.ADMIN,
    initial=link_initial,
    template="dashboards/library/links.html",
)
REPORTS = Shelf(
    "reports",
    "Mails",
    "Reports by day, week or month of the site's time zone, and mails when traffic jumps or"
    " stays away. Each mail can be unsubscribed.",
    Report,
    forms.ReportForm,
    ("When", "To", "Last one"),
    report_row,
    "No mail is sent.",
    "mail",
    template="dashboards/library/reports.html",
)
RATES = Shelf(
    "exchange-rates",
    "Exchange rates",
    "Purchases and spend in another currency are kept as they are and shown in the site's own by the rate of their day, the"
    " past included. What has no rate is never added up, and shown apart.",
    ExchangeRate,
    forms.ExchangeRateForm,
    ("Currency", "From", "One unit is worth"),
    lambda one, site: (one.currency, day_text(one.day), f"{site.currency} {one.rate.normalize():f}"),
    "No rate yet: everything is in the site's own currency, or not counted as revenue.",
    "exchange rate",
    initial=lambda request: {"day": now().date().replace(day=1)},
    template="dashboards/library/rates.html",
    more=lambda site: {"apart": year_of(site)},
)
SHELVES = (GOALS, DEFINED_EVENTS, SEGMENTS, ANNOTATIONS, LINKS, REPORTS, RATES)
