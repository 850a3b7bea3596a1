"""What is taken from a panel as a file is the whole of it, not only the rows that fit the page."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

pytestmark = pytest.mark.django_db
PAGES = 120


@pytest.fixture
def many(site, insert_events):
    """120 pages, campaigns and kinds of events; page N has N visitors, each of whom sees it once."""
    at = datetime.now(UTC) - timedelta(days=2)
    insert_events(site, [
        {"timestamp": at, "received_at": at, "session_id": 1000 * page + visitor, "visitor_id": 1000 * page + visitor,
         "person_id": 1000 * page + visitor, "path": f"/p{page:03}", "entry_page": f"/p{page:03}", "utm_campaign": f"c{page:03}",
         "event_type": "page_view" if visitor else f"kind{page:03}", "hostname": "shop.example"}
        for page in range(1, PAGES + 1) for visitor in range(page)
    ])  # fmt: skip
    return site


@pytest.fixture
def rows(client_in, many):
    def get(path):
        answer = client_in.get(f"/sites/{many.pk}/{path}")
        assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/csv")
        return list(csv.reader(io.StringIO(answer.content.decode())))

    return get


@pytest.mark.parametrize(
    "path",
    [
        "executive/panels/pages?format=csv",
        "executive/details/path?format=csv",
        "executive/details/path?format=csv&page=2",
    ],
)
def test_all_pages_with_all_figures(rows, path):
    heads, *found = rows(path)
    assert heads == ["Page", "visitors", "pageviews", "bounce_rate", "time_on_page", "scroll_depth"]
    assert [row[:3] for row in found] == [[f"/p{n:03}", str(n), str(n - 1)] for n in range(PAGES, 0, -1)]


@pytest.mark.parametrize(
    ("path", "most"), [("product/panels/explorer", PAGES + 1), ("marketing/panels/campaigns", PAGES + 1)]
)
def test_lists_are_whole(rows, path, most):
    assert len(rows(f"{path}?format=csv")) - 1 == most


def test_the_dialog_offers_the_file(client_in, many):
    text = client_in.get(f"/sites/{many.pk}/executive/details/path?period=7d").content.decode()
    assert f'href="/sites/{many.pk}/executive/details/path?period=7d&amp;format=csv" download' in text


@pytest.mark.parametrize(
    "panel", ["marketing/panels/channels", "product/panels/lifecycle", "marketing/panels/customers"]
)
def test_the_running_day_is_told_apart(client_in, site, insert_events, panel):
    """Its figures are still growing: a fall that is none."""
    now = datetime.now(UTC)
    insert_events(site, [
        {"timestamp": now - timedelta(days=day), "received_at": now, "session_id": day + 1, "visitor_id": 7, "person_id": 7,
         "device_id": 7, "channel": "Direct", "event_type": kind, "path": "/", "revenue": 5, "order_id": f"o{day}", "currency": "EUR"}
        for day in range(5) for kind in ("page_view", "purchase")
    ])  # fmt: skip
    text = client_in.get(f"/sites/{site.pk}/{panel}?period=7d").content.decode()
    assert '"dash": "dash"' in text or "0.45]" in text


@pytest.mark.parametrize("panel", ["marketing/panels/channels", "product/panels/trends"])
def test_a_site_without_an_event_says_what_comes_next(client_in, site, stores, panel):
    text = client_in.get(f"/sites/{site.pk}/{panel}").content.decode()
    assert (
        "No event has arrived yet" in text
        and f"/sites/{site.pk}/installation" in text
        and "remove a filter" not in text
    )
