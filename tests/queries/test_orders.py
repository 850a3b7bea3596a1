"""An order id counts once, where it came first: whoever repeats it, and on whatever day."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from analytics.queries import orders
from tests.conftest import event

pytestmark = pytest.mark.django_db
START = datetime(2026, 5, 1, 12, tzinfo=UTC)
# (hours after the start, device, user, order, amount)
SALES = [
    (0, "d1", "", "a", 10),
    (1, "", "u1", "a", 10),
    (30, "d1", "", "a", 10),
    (31, "d2", "", "b", 5),
    (800, "d2", "", "b", 5),
    (801, "d3", "", "", 7),
]


@pytest.mark.parametrize("few", [200, 0])
def test_once_over_people_and_days(site, new_site, post, drain, api_key, monkeypatch, few):
    """Taken along as a list, and looked for by the statement itself."""
    monkeypatch.setattr(orders, "FEW", few)
    events = [
        event("https://shop.example/", "purchase", event_timestamp=(START + timedelta(hours=hours)).isoformat(), device={"device_id": device},
              user={"user_id": user} if user else {}, event_properties={"order_id": order, "revenue": str(amount)})
        for hours, device, user, order, amount in SALES
    ]  # fmt: skip
    assert post({"site": site.site_key, "events": events}, secret=new_site.ingest_secret).json()["accepted"] == len(
        SALES
    )
    drain()

    def ask(path, first="2026-05-01", last="2026-06-30", **body):
        body |= {"date_range": [first, last]}
        headers = {"Authorization": f"Bearer {api_key}"}
        answer = Client().post(
            f"/api/v1/sites/{site.pk}/{path}", body, content_type="application/json", headers=headers
        )
        assert answer.status_code == 200, answer.content
        return answer.json()

    money = ["revenue", "conversions", "average_order_value"]
    assert ask("query", metrics=money)["totals"] == [22, 3, pytest.approx(22 / 3, abs=1e-3)]
    days = {
        row["dimensions"][0]: row["metrics"]
        for row in ask("query", metrics=["revenue", "events"], dimensions=["day"])["results"]
    }
    assert (days["2026-05-01"], days["2026-05-02"]) == ([10, 2], [5, 2]), (
        "an event is an event, but the order is paid once"
    )
    assert ask("query", "2026-06-01", metrics=money)["totals"] == [7, 1, 7]
    assert ask("attribution")["conversions"] == 3 and ask("attribution", "2026-06-01")["revenue"] == 7
    found = ask("customers", interval="month")
    assert (found["new"]["customers"], found["new"]["orders"], found["returning"]["orders"]) == (3, 3, 0)
    assert Decimal(str(sum(row["revenue"] for row in ask("ltv", forecast_days=0)["rows"]))) == 22
