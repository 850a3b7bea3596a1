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

from accounts.access import get_site_role
from accounts.models import Role, User
from analytics.queries import calendar, live
from analytics.queries.calendar import Period
from analytics.queries.store import StoreError
from analytics.saved.digest import Asked, Digest, get_digest, told, words
from analytics.saved.models import Report

log = logging.getLogger(__name__)
HOUR = 7  # of the site's day, at which reports go out
QUIET = timedelta(hours=12)  # between two mails of one alarm
HEIGHT = 88  # of the chart, in pixels
FEW = 12  # columns, up to which each is labelled


@dataclass(frozen=True, slots=True)
class Column:
    label: str
    value: int
    height: int
    above: int


def do_send_due(now: datetime | None = None) -> int:
    """How many mails went out. What fails is tried again by the next run."""
    now, sent = now or datetime.now(UTC), 0
    for report in Report.objects.select_related("site", "created_by"):
        if report.created_by and not may_make(report.created_by, report):
            continue  # until they may again
        try:
            due = get_due(report, now)
            if due and report.recipients and do_send(report, due, now):
                Report.objects.filter(pk=report.pk).update(sent_for=due)
                sent += 1
        except (StoreError, OSError) as error:
            log.warning("The report %s waits: %s", report.pk, type(error).__name__)
    return sent


def may_make(user: User, report: Report) -> bool:
    role = get_site_role(user, report.site)
    return role is not None and role.rank >= Role.ANALYST.rank


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
    from analytics.saved.pdf import to_pdf  # its library takes long to import, and most processes never need it

    alarm = report.kind in (Report.Kind.SPIKE, Report.Kind.DROP)
    subject, template, context = about_alarm(report) if alarm else about_period(report, due, now)
    taken, enclosed = False, to_pdf(context["digest"], now) if report.pdf and not alarm else b""
    for address in report.recipients:
        own = context | {"unsubscribe": address_of(reverse("unsubscribe", args=[token_of(report, address)]))}
        text = render_to_string(f"emails/{template}.txt", own)
        mail = EmailMultiAlternatives(subject, text, settings.DEFAULT_FROM_EMAIL, [address])
        mail.attach_alternative(render_to_string(f"emails/{template}.html", own), "text/html")
        if enclosed:
            mail.attach(f"{report.site.domain}-{period_of(report, due).last}.pdf", enclosed, "application/pdf")
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
    found = get_digest(Asked(site, period, compared=calendar.compare_to(period, "previous_period")), now, "mail")
    context = {
        "site": site, "period": period, "kind": report.kind, "digest": found,
        "columns": columns_of(found), "few": len(found.points) <= FEW,
        "address": address_of(f"{reverse('executive', args=[site.pk])}?period=custom&from={period.first}&to={period.last}"),
    }  # fmt: skip
    return f"{site.domain}: {found.visitors:,} visitors {words(period)}", "report", context


def columns_of(found: Digest) -> list[Column]:
    """Heights in pixels, of cells: what every mail program draws."""
    most = max(found.most_now, 1)
    made = []
    for point in found.points:
        height = round(HEIGHT * point.value / most)
        made.append(Column(told(point.label, found.interval), point.value, height, HEIGHT - height))
    return made


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
