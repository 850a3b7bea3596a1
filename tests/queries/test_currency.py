"""Money in several currencies, by the front door: each by the rate of its day, and what has none apart."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from tests.conftest import event

pytestmark = pytest.mark.django_db
MAY = ["2026-05-01", "2026-05-31"]
# (day and hour in UTC, type, amount, currency, order)
SALES = [
    ("2026-05-03T10:00:00Z", "purchase", "100.00", "EUR", "a"), ("2026-05-03T10:05:00Z", "purchase", "10.00", "", "b"),
    ("2026-05-04T10:00:00Z", "purchase", "200.00", "USD", "c"), ("2026-05-04T11:00:00Z", "purchase", "200.00", "USD", "c"),
    ("2026-05-14T21:59:00Z", "purchase", "100.00", "USD", "d"), ("2026-05-14T22:01:00Z", "purchase", "100.00", "USD", "e"),
    ("2026-05-20T10:00:00Z", "refund", "50.00", "USD", "c"), ("2026-05-06T10:00:00Z", "purchase", "5000", "JPY", "f"),
    ("2026-05-07T10:00:00Z", "purchase", "30.00", "GBP", "g"),
]  # fmt: skip


@pytest.fixture
def shop(owner, post, drain):
    from accounts.actions import do_create_site

    new = do_create_site(owner.teams.get(), "shop.example", "Europe/Berlin", "EUR")
    events = [
        event("https://shop.example/?utm_campaign=may", kind, event_timestamp=at, user={"user_id": f"u{order}"},
              session={"event_index": n}, event_properties={"revenue": amount, "currency": currency, "order_id": order})
        for n, (at, kind, amount, currency, order) in enumerate(SALES)
    ]  # fmt: skip
    events.append(
        event("https://shop.example/?utm_campaign=may", event_timestamp="2026-05-04T09:59:00Z", user={"user_id": "uc"})
    )
    assert post({"site": new.site.site_key, "events": events}, secret=new.ingest_secret).json()["accepted"] == len(
        events
    )
    drain()
    return new.site


@pytest.fixture
def call(owner, shop):
    from accounts.actions import do_create_api_key

    key = do_create_api_key(owner, owner.teams.get(), "all", scopes=["read:stats", "admin"])

    def ask(path, body=None, method="post"):
        headers = {"Authorization": f"Bearer {key}"}
        answer = getattr(Client(), method)(
            f"/api/v1/sites/{shop.pk}/{path}", body, content_type="application/json", headers=headers
        )
        assert answer.status_code in (200, 201), answer.content
        return answer.json()

    return ask


def revenue(call, **more):
    return call("query", {"metrics": ["revenue", "average_order_value", "conversions"], "date_range": MAY, **more})


def test_without_a_rate_nothing_is_added_up(call):
    found = revenue(call)
    assert found["totals"] == [110.0, pytest.approx(110 / 2, abs=1e-4), 7], "the mean is of the orders in the sum"
    assert found["meta"]["unconverted"] == [
        {"currency": "GBP", "revenue": 30.0, "orders": 1}, {"currency": "JPY", "revenue": 5000.0, "orders": 1},
        {"currency": "USD", "revenue": 350.0, "orders": 3},
    ]  # fmt: skip


def test_each_by_the_rate_of_its_day(call):
    for currency, day, rate in (
        ("USD", "2026-05-01", "0.9"),
        ("usd", "2026-05-15", "0.8"),
        ("JPY", "2026-01-01", "0.006"),
    ):
        call("exchange-rates", {"currency": currency, "day": day, "rate": rate})
    found = revenue(call)
    # 22:01 UTC is the 15th in Berlin; the refund of the 20th is by the rate of the 20th
    wanted = (
        Decimal("110") + 200 * Decimal("0.9") + 100 * Decimal("0.9") + 100 * Decimal("0.8") - 50 * Decimal("0.8") + 30
    )
    assert found["totals"][0] == float(wanted)
    assert found["meta"]["unconverted"] == [{"currency": "GBP", "revenue": 30.0, "orders": 1}]
    days = {row["dimensions"][0]: row["metrics"][0] for row in revenue(call, dimensions=["day"])["results"]}
    assert (days["2026-05-04"], days["2026-05-15"], days["2026-05-20"], days["2026-05-06"]) == (180, 80, -40, 30)
    customers = call("customers", {"date_range": MAY})
    assert customers["new"]["revenue"] == 490 and customers["meta"]["unconverted"][0]["currency"] == "GBP"
    assert call("attribution", {"date_range": MAY})["revenue"] == 490
    assert call("ltv", {"date_range": MAY, "forecast_days": 0})["rows"][0]["revenue"] == 450
    trend = call("trends", {"date_range": MAY, "series": [{"event": "refund", "measure": "sum", "of": "revenue"}]})
    assert trend["lines"][0]["total"] == 40


def test_a_rate_may_be_changed_and_its_currency_is_checked(call, shop, owner, api_key):
    made = call("exchange-rates", {"currency": "USD", "day": "2026-05-01", "rate": "0.5"})
    assert made["currency"] == "USD" and revenue(call)["totals"][0] == 110 + 175 - 0
    assert call("exchange-rates", {"currency": "USD", "day": "2026-05-01", "rate": "1"})["id"] == made["id"]
    assert revenue(call)["totals"][0] == 460, "no answer of before is shown"
    call(f"exchange-rates/{made['id']}", {"rate": "2"}, "patch")
    assert revenue(call)["totals"][0] == 810
    headers = {"Authorization": f"Bearer {api_key}"}
    address = f"/api/v1/sites/{shop.pk}/exchange-rates"
    for wrong in ({"currency": "EUR"}, {"currency": "XX1"}, {"rate": "0"}, {"rate": "-1"}):
        body = {"currency": "USD", "day": "2026-05-01", "rate": "1"} | wrong
        assert Client().post(address, body, content_type="application/json", headers=headers).status_code in (400, 403)


def test_spend_in_another_currency(call, shop):
    call("exchange-rates", {"currency": "USD", "day": "2026-05-10", "rate": "0.5"})
    for day, amount, currency in (("2026-05-01", "10", "EUR"), ("2026-05-09", "7", "USD"), ("2026-05-10", "20", "usd")):
        call("spend", {"day": day, "campaign": "may", "source": currency, "amount": amount, "currency": currency})
    found = call("campaigns", {"date_range": MAY})
    assert found["total"]["spend"] == 20 and found["unconverted_spend"] == {"USD": 7.0}
    assert found["total"]["roas"] == pytest.approx((110 + 100) / 20)


def test_the_page_of_rates(client_in, shop):
    address = f"/sites/{shop.pk}/settings/exchange-rates"
    text = client_in.get(address).content.decode()
    assert "GBP 30.00, JPY 5,000.00, USD 350.00" in text
    assert client_in.post(address, {"currency": "usd", "day": "2026-05-01", "rate": "0.9"}).status_code == 302
    text = client_in.get(address).content.decode()
    assert "EUR 0.9" in text and "USD 350" not in text
    again = client_in.post(address, {"currency": "USD", "day": "2026-05-01", "rate": "0.8"}).content.decode()
    assert "from this day on already" in again
    assert (
        "own currency"
        in client_in.post(address, {"currency": "EUR", "day": "2026-05-01", "rate": "2"}).content.decode()
    )
    panel = client_in.get(
        f"/sites/{shop.pk}/executive/panels/headline?period=custom&from=2026-05-01&to=2026-05-31"
    ).content.decode()
    assert "for want of an exchange rate: GBP 30.00, JPY 5,000.00." in panel


def test_an_imported_column_of_currencies(shop):
    from zoneinfo import ZoneInfo

    from analytics.queries.calendar import Period
    from analytics.saved.spend import do_import, get_preview, get_spend, get_unconverted_spend

    text = "Day,Campaign,Cost,Currency code\n2026-05-02,a,10.50,EUR\n2026-05-02,b,4,USD\n2026-05-02,c,4,dollars\n"
    found = get_preview(shop, text)
    assert [line.currency for line in found.lines] == ["EUR", "USD"] and "three-letter" in found.wrong[0][1]
    do_import(shop, found)
    may = Period(date(2026, 5, 1), date(2026, 5, 31), ZoneInfo("Europe/Berlin"))
    assert get_spend(shop, may) == {"a": Decimal("10.50")} and get_unconverted_spend(shop, may) == {"USD": Decimal(4)}


def test_a_goal_of_so_much_is_in_the_currency_of_the_site(call, shop):
    call("exchange-rates", {"currency": "USD", "day": "2026-05-01", "rate": "0.5"})
    goal = {"event": "purchase", "filters": [["not_less", "revenue", [60]]]}
    found = call("query", {"metrics": ["conversions", "visitors"], "date_range": MAY, "goal": goal})
    assert found["totals"] == [2, 7], "100 EUR, and 200 USD; not 100 USD, nor yen without a rate"
    assert call("attribution", {"date_range": MAY, "goal": goal})["revenue"] == 200
