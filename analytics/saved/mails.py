"""Mails about a site: reports by day, week and month of the site's time zone, and spikes and drops of its traffic."""

import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.signing import BadSignature, Signer
from django.template.loader import render_to_string
from django.urls import reverse

from analytics.queries import calendar, goals, live
from analytics.queries import query as core
from analytics.queries.calendar import Period
from analytics.queries.metrics import METRICS
from analytics.queries.people import Scope
from analytics.queries.query import Query
from analytics.queries.store import StoreError
from analytics.saved.models import Report
from analytics.saved.resolve import goal_selector

log = logging.getLogger(__name__)
SHOWN = ("visitors", "sessions", "pageviews", "bounce_rate", "session_duration", "revenue")
LISTS = {"path": "Pages", "source": "Sources", "country": "Countries"}
HOUR = 7  # of the site's day, at which reports go out
QUIET = timedelta(hours=12)  # between two mails of one alarm


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: int
    width: int  # percent of the largest


def do_send_due(now: datetime | None = None) -> int:
    """How many mails went out. What fails is tried again by the next run."""
    now, sent = now or datetime.now(UTC), 0
    for report in Report.objects.select_related("site"):
        try:
            due = get_due(report, now)
            if due and report.recipients and do_send(report, due, now):
                Report.objects.filter(pk=report.pk).update(sent_for=due)
                sent += 1
        except (StoreError, OSError) as error:
            log.warning("The report %s waits: %s", report.pk, type(error).__name__)
    return sent


def get_due(report: Report, now: datetime) -> str:
    """What the mail would be for (a day, or a moment), or "" when it is not its time or has been sent."""
    if report.kind in (Report.Kind.SPIKE, Report.Kind.DROP):
        return get_alarm(report, now)
    local = now.astimezone(ZoneInfo(report.site.timezone))
    if local.hour < HOUR:
        return ""
    fits = {
        Report.Kind.DAILY: True, Report.Kind.WEEKLY: local.weekday() == 0, Report.Kind.MONTHLY: local.day == 1,
    }  # fmt: skip
    due = local.date().isoformat()
    return due if fits[Report.Kind(report.kind)] and report.sent_for != due else ""


def get_alarm(report: Report, now: datetime) -> str:
    if report.sent_for and now < datetime.fromisoformat(report.sent_for) + QUIET:
        return ""
    if report.kind == Report.Kind.SPIKE:
        alarmed = live.get_now(report.site_id).people_half_hour >= (report.threshold or 100)
    else:
        alarmed = live.get_people(report.site_id, hours=12) < (report.threshold or 1)
    return now.isoformat(timespec="seconds") if alarmed else ""


def period_of(report: Report, due: str) -> Period:
    day, zone = date.fromisoformat(due), ZoneInfo(report.site.timezone)
    yesterday = day - timedelta(days=1)
    if report.kind == Report.Kind.DAILY:
        return Period(yesterday, yesterday, zone)
    if report.kind == Report.Kind.WEEKLY:
        return Period(day - timedelta(days=7), yesterday, zone)
    return Period(yesterday.replace(day=1), yesterday, zone)


def do_send(report: Report, due: str, now: datetime) -> bool:
    alarm = report.kind in (Report.Kind.SPIKE, Report.Kind.DROP)
    subject, template, context = about_alarm(report) if alarm else about_period(report, due, now)
    taken = False
    for address in report.recipients:
        own = context | {"unsubscribe": address_of(reverse("unsubscribe", args=[token_of(report, address)]))}
        text = render_to_string(f"emails/{template}.txt", own)
        mail = EmailMultiAlternatives(subject, text, settings.DEFAULT_FROM_EMAIL, [address])
        mail.attach_alternative(render_to_string(f"emails/{template}.html", own), "text/html")
        mail.extra_headers["List-Unsubscribe"] = f"<{own['unsubscribe']}>"
        mail.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        try:
            mail.send()
            taken = True
        except OSError as error:
            log.error("A report could not be sent: %s", type(error).__name__)
    return taken


def about_alarm(report: Report) -> tuple[str, str, dict[str, Any]]:
    spike, site = report.kind == Report.Kind.SPIKE, report.site
    people = live.get_now(site.pk).people_half_hour if spike else live.get_people(site.pk, hours=12)
    rows = live.get_places(site.pk) if spike else []
    subject = (
        f"{site.domain}: {people} people in half an hour"
        if spike
        else f"{site.domain}: only {people} people in 12 hours"
    )
    return subject, "alarm", {"site": site, "spike": spike, "people": people, "rows": rows[:5],
                              "address": address_of(reverse("live", args=[site.pk]))}  # fmt: skip


def about_period(report: Report, due: str, now: datetime) -> tuple[str, str, dict[str, Any]]:
    site, period = report.site, period_of(report, due)
    compare = calendar.compare_to(period, "previous_period")
    result = core.run(Query(site.pk, period, SHOWN, compare=compare), now, "mail")
    figures = [
        (METRICS[name].label, written(name, value, site.currency), written(name, before, site.currency))
        for name, value, before in zip(SHOWN, result.totals, result.comparison_totals or [], strict=True)
    ]
    interval = "hour" if period.days == 1 else "day"
    series = core.run(Query(site.pk, period, ("visitors",), (interval,)), now, "mail").rows
    most = max([row.metrics[0] for row in series] + [1])
    achieved = goals.run(Scope(site.pk, period), [goal_selector(goal) for goal in site.goals.all()[:20]], now, "mail")
    context = {
        "site": site, "period": period, "kind": report.kind, "figures": figures, "goals": achieved,
        "columns": [(row.dimensions[0], row.metrics[0], round(60 * row.metrics[0] / most)) for row in series],
        "lists": [(title, bars_of(site.pk, period, name, now)) for name, title in LISTS.items()],
        "address": address_of(f"{reverse('executive', args=[site.pk])}?period=custom&from={period.first}&to={period.last}"),
    }  # fmt: skip
    return f"{site.domain}: {result.totals[0]:,} visitors {words(period)}", "report", context


def written(name: str, value: Any, currency: str) -> str:
    if value is None:
        return "–"
    unit = METRICS[name].unit
    if unit == "money":
        return f"{currency} {value:,.2f}"
    if unit == "seconds":
        return f"{int(value) // 60}m {int(value) % 60:02}s"
    return f"{value:.1f}%" if unit == "percent" else f"{value:,}"


def words(period: Period) -> str:
    if period.days == 1:
        return f"on {period.first:%A}, {period.first.day} {period.first:%B}"
    return f"from {period.first.day} {period.first:%B} to {period.last.day} {period.last:%B %Y}"


def bars_of(site_id: int, period: Period, dimension: str, now: datetime) -> list[Bar]:
    rows = core.run(Query(site_id, period, ("visitors",), (dimension,), limit=6), now, "mail").rows
    most = max([row.metrics[0] for row in rows] + [1])
    return [Bar(row.dimensions[0] or "(none)", row.metrics[0], round(100 * row.metrics[0] / most)) for row in rows]


def address_of(path: str) -> str:
    return f"{settings.BASE_URL or f'http://{settings.HOST}:{settings.PORT}'}{path}"


def token_of(report: Report, address: str) -> str:
    return Signer(salt="footfall.unsubscribe").sign_object([report.pk, address])


def get_subscription(token: str) -> tuple[Report, str] | None:
    try:
        number, address = Signer(salt="footfall.unsubscribe").unsign_object(token)
    except (BadSignature, ValueError, TypeError):
        return None
    report = Report.objects.select_related("site").filter(pk=number).first()
    return (report, address) if report else None


def do_unsubscribe(report: Report, address: str) -> None:
    report.recipients = [other for other in report.recipients if other != address]
    report.save(update_fields=["recipients"])
