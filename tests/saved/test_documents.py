"""Reports as documents: the PDF of a dashboard, the one in a mail, and the charts that mail programs can show."""

import re
import zlib
from datetime import UTC, datetime

import pytest
from django.core import mail
from django.test import Client

from analytics.queries.costs import get_spent
from analytics.saved import mails
from analytics.saved.models import Goal, Link, Report

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)


def text_of(pdf: bytes) -> str:
    assert pdf.startswith(b"%PDF-")
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.S)
    drawn = b"".join(zlib.decompress(one) for one in streams if one[:1] == b"\x78")
    return "\n".join(
        one.decode("cp1252").replace("\\(", "(").replace("\\)", ")") for one in re.findall(rb"\((.*?)\) Tj", drawn)
    )


@pytest.fixture
def visits(site, insert_events):
    """n people on the n-th of November, from 1 to 20; their paths are hostile to a printer."""
    rows = []
    for day in range(1, 21):
        for person in range(day):
            at = datetime(2026, 11, day, 12, person, tzinfo=UTC)
            rows.append({
                "timestamp": at, "received_at": at, "session_start": at, "session_id": day * 100 + person,
                "visitor_id": day * 100 + person, "person_id": day * 100 + person, "event_type": "page_view", "interactive": True,
                "path": "/مر" if person % 2 else "/(a)\\b", "source": "Łódź", "country": "DE", "device_type": "tv",
            })  # fmt: skip
    insert_events(site, rows)
    Goal.objects.create(site=site, name="Saw it", kind="page", target="/**")


def test_a_dashboard_as_a_pdf(client_in, site, visits):
    period = "period=custom&from=2026-11-01&to=2026-11-20"
    answer = client_in.get(f"/sites/{site.pk}/executive/report.pdf?{period}")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="shop.example-executive-2026-11-01-2026-11-20.pdf"'
    told = text_of(answer.content)
    assert "shop.example" in told and "From 1 November to 20 November 2026" in told
    assert f"\n{sum(range(1, 21))}\n" in told, "visitors"
    assert "Germany" in told and "TV" in told and "Saw it" in told and "100.0%" in told
    assert "/%D9%85%D8%B1" in told, "what the font lacks, as in the address"
    filtered = text_of(client_in.get(f"/sites/{site.pk}/executive/report.pdf?{period}&f=is,path,/nowhere").content)
    assert "Only where Page is /nowhere" in filtered and "Nothing in this period" in filtered
    for page in ("product", "marketing"):
        assert "shop.example" in text_of(client_in.get(f"/sites/{site.pk}/{page}/report.pdf?{period}").content)
    assert client_in.get(f"/sites/{site.pk}/moon/report.pdf").status_code == 404
    assert Client().get(f"/sites/{site.pk}/executive/report.pdf").status_code == 302


def test_an_empty_site_as_a_pdf(client_in, site, stores):
    for period in ("28d", "today", "365d"):
        told = text_of(client_in.get(f"/sites/{site.pk}/marketing/report.pdf?period={period}").content)
        assert "Nothing in this period" in told


def test_a_guest_gets_the_page_of_the_link_alone(site, visits):
    link = Link.objects.create(
        site=site, name="Board", page="executive", query="f=is,path,/nowhere", created_by=site.team.members.first()
    )
    guest, period = Client(), "period=custom&from=2026-11-01&to=2026-11-20"
    told = text_of(guest.get(f"/sites/{site.pk}/executive/report.pdf?share={link.token}&{period}").content)
    assert "Nothing in this period" in told, "the filters of the link hold"
    assert guest.get(f"/sites/{site.pk}/marketing/report.pdf?share={link.token}").status_code == 404


def test_a_mail_with_its_chart_and_its_pdf(client_in, site, visits):
    page = f"/sites/{site.pk}/settings/reports"
    client_in.post(page, {"kind": "weekly", "recipients": "boss@example.com", "threshold": "", "pdf": "on"})
    assert Report.objects.get().pdf
    assert mails.do_send_due(NOW) == 1
    html = mail.outbox[0].alternatives[0][0]
    heights = [int(text) for text in re.findall(r'bgcolor="#0c7a6a" height="(\d+)" ', html)]
    assert heights == [round(mails.HEIGHT * n / 15) for n in range(9, 16)], "a column for each day"
    assert "from 35" in html and "+140%" in html, "84 visitors, 35 in the week before"
    assert "Germany" in html and "<script" not in html and "<img" not in html and "src=" not in html
    (name, enclosed, kind) = mail.outbox[0].attachments[0]
    assert (name, kind) == ("shop.example-2026-11-15.pdf", "application/pdf")
    assert "From 9 November to 15 November 2026" in text_of(enclosed)


def test_no_pdf_unless_asked_for(site, visits):
    Report.objects.create(site=site, kind="weekly", recipients=["boss@example.com"])
    assert mails.do_send_due(NOW) == 1 and not mail.outbox[0].attachments


def test_queries_are_counted_by_report(client_in, site, visits):
    before = {one.report: one.queries for one in get_spent(site.pk)}
    client_in.get(f"/sites/{site.pk}/executive/panels/headline?period=custom&from=2026-11-01&to=2026-11-20")
    found = {one.report: one for one in get_spent(site.pk)}
    assert found["executive.headline"].queries > before.get("executive.headline", 0)
    assert (
        found["executive.headline"].rows > 0 and found["executive.headline"].slowest <= found["executive.headline"].ms
    )
    shown = client_in.get(f"/sites/{site.pk}/health/queries").content.decode()
    assert "executive.headline" in shown and "Rows read" in shown
    assert f"/sites/{site.pk}/health/queries" in client_in.get(f"/sites/{site.pk}/health").content.decode()


def test_costs_are_for_admins(site, stores):
    from tests.saved.test_library import member

    assert member(site, "analyst", "a@example.com").get(f"/sites/{site.pk}/health/queries").status_code == 403
    assert member(site, "admin", "b@example.com").get(f"/sites/{site.pk}/health/queries").status_code == 200
