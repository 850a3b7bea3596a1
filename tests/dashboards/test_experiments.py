"""The panel of A/B tests offers what the API has."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from tests.conftest import event

pytestmark = pytest.mark.django_db
NAME = "price=high & low"


@pytest.fixture
def get(client_in, site, new_site, post, drain):
    """Forty people in a test whose name is awkward; each looks twice, every second one pays 10 in "new" and 20 in "old"."""
    start, events = datetime.now(UTC) - timedelta(days=2), []
    for person in range(40):
        variant = "new" if person % 2 else "old"
        kinds = ["page_view", "page_view", *["purchase"] * (person % 4 < 2)]
        for minute, kind in enumerate(kinds):
            at = start + timedelta(minutes=20 * person + minute)
            more = {"event_properties": {"revenue": "10" if variant == "new" else "20"}} if kind == "purchase" else {}
            user = {"user_id": f"u{person}", "ab_test_variants": {NAME: variant}}
            events.append(event(kind=kind, event_timestamp=at.isoformat(), user=user, geo={"country": "DE"}, **more))
    assert post({"site": site.site_key, "events": events}, secret=new_site.ingest_secret).json()["accepted"] == 100
    drain()

    def go(query=""):
        answer = client_in.get(f"/sites/{site.pk}/product/panels/experiments?{query}")
        assert answer.status_code == 200, answer.content
        return unescape(answer.content.decode())

    return go


def cells(text, variant):
    row = re.search(rf'<th scope="row"[^>]*>{variant}.*?</tr>', text)
    return re.findall(r"<td[^>]*>(.*?)</td>", row[0])


def test_a_name_with_a_sign_of_equality(get):
    text = get()
    assert f'<option value="{NAME}" selected>' in text and cells(text, "old")[:2] == ["20", "10"]


def test_metrics(get):
    assert cells(get("kind=revenue"), "new")[2] == "EUR 5.00" and cells(get("kind=revenue"), "old")[2] == "EUR 10.00"
    assert cells(get("kind=count&goal=page_view"), "new")[2] == "2.000"
    text = get("kind=ratio&goal=purchase&per=page_view")
    assert cells(text, "new")[2] == "0.250" and 'name="per" value="page_view"' in text
    assert 'name="per"' not in get("kind=revenue")


def test_statistics_and_segments(get):
    assert "Chance to win" in get("kind=revenue") and "Welch" in get("kind=revenue&stats=frequentist")
    assert "Always valid" in get("kind=revenue&stats=sequential")
    assert cells(get("by=country"), "DE · new")[:2] == ["20", "10"]
    assert "A/B tests" in get("kind=x&stats=y&by=z"), "what is not there falls back"
