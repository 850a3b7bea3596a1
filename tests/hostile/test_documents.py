"""Hostile texts in what leaves Footfall: mails, PDFs, files, answers of the API. Each holds them as text."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from django.core import mail
from django.test import Client

from accounts.actions import do_create_api_key
from analytics.saved import mails
from analytics.saved.models import Goal, Report
from tests.hostile.payloads import IMAGE, LINK, MARK, PLANTED, SCRIPT, SUM, TEXTS, event
from tests.hostile.test_sweep import is_formula
from tests.saved.test_documents import text_of

pytestmark = pytest.mark.django_db
PLAIN = {"html", "head", "meta", "title", "body", "table", "thead", "tbody", "tr", "td", "th", "p", "h1", "h2", "h3", "a", "b", "strong", "span",
         "div", "br", "small"}  # fmt: skip


class Tags(HTMLParser):
    """All tags, links and words of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.links, self.words = set(), set(), [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name in ("href", "src", "background", "action")]

    def handle_data(self, data):
        self.words += data


@pytest.fixture
def attacked(site, new_site, post, drain):
    """Every text in every field, yesterday."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    events = [
        event(kind, text, person, yesterday + timedelta(seconds=person))
        for person, text in enumerate((*TEXTS, *(SCRIPT, IMAGE) * 3))
        for kind in ("page_view", "purchase", "error", "search")
    ]
    assert post({"site": site.site_key, "events": events}, new_site.ingest_secret).json()["accepted"] == len(events)
    drain()
    Goal.objects.create(site=site, name=IMAGE, kind="event", target="page_view")
    return site


def test_mails(attacked):
    Report.objects.create(site=attacked, kind="daily", recipients=["boss@example.com"], pdf=True)
    Report.objects.create(site=attacked, kind="spike", recipients=["boss@example.com"], threshold=0)
    assert mails.do_send_due(datetime.now(UTC).replace(hour=12)) >= 1
    for sent in mail.outbox:
        page = Tags(sent.alternatives[0][0])
        assert page.tags <= PLAIN and PLANTED not in page.attributes
        assert not [name for name in page.attributes if name.startswith("on")]
        assert all(link.startswith(("http://127.0.0.1:", "https://")) and "evil" not in link for link in page.links)
        assert "\n" not in sent.subject
    report = next(one for one in mail.outbox if one.attachments)
    assert SCRIPT in Tags(report.alternatives[0][0]).words and IMAGE in report.body, "as text, and once only"
    told = report.attachments[0][1]
    assert SCRIPT in text_of(told).replace("\n", "") and not any(
        word in told for word in (b"/JavaScript", b"/JS", b"/URI", b"/Launch")
    )


def test_a_pdf_of_a_dashboard(client_in, attacked):
    answer = client_in.get(f"/sites/{attacked.pk}/marketing/report.pdf", {"period": "7d", "f": f"is_not,path,{SCRIPT}"})
    assert f"Only where Page is not {SCRIPT}" in text_of(answer.content).replace("\n", " ")
    assert answer["Content-Type"] == "application/pdf" and b"/JavaScript" not in answer.content


def test_answers_and_files_of_the_api(owner, attacked):
    key = do_create_api_key(owner, attacked.team, "all", ("admin",))
    bearer = {"Authorization": f"Bearer {key}"}
    base, client = f"/api/v1/sites/{attacked.pk}", Client()
    asked = {"metrics": ["visitors"], "dimensions": ["title"], "date_range": "7d"}
    answer = client.post(f"{base}/query", asked, content_type="application/json", headers=bearer)
    titles = {row["dimensions"][0] for row in answer.json()["results"]}
    assert {SCRIPT, IMAGE, LINK, SUM} <= titles
    assert answer["Content-Type"] == "application/json" and answer["X-Content-Type-Options"] == "nosniff"
    today = datetime.now(UTC).date()
    for name in ("csv", "ndjson"):
        answer = client.get(
            f"{base}/export/events?from={today - timedelta(days=2)}&to={today}&format={name}", headers=bearer
        )
        text = b"".join(answer.streaming_content).decode()
        assert (
            MARK in text
            and "html" not in answer["Content-Type"]
            and answer["Content-Disposition"].startswith("attachment")
        )
        if name == "csv":
            rows = list(csv.reader(io.StringIO(text, newline="")))
            assert len(rows) > 40 and not [cell for row in rows for cell in row if is_formula(cell)]
            assert any(cell == f"'{SUM}" for row in rows for cell in row)
        else:
            assert SUM in {json.loads(line)["title"] for line in text.splitlines()}
    answer = client.post(f"{base}/query", {"metrics": [IMAGE]}, content_type="application/json", headers=bearer)
    assert answer.status_code == 400 and answer["Content-Type"] == "application/json"
