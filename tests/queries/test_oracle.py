"""Money and attribution asked of the API, against Python that knows semantics.md and nothing of our SQL."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts.actions import do_create_site
from analytics.queries.attribution import SIMPLE
from tests.queries.oracle import day, make_history, sales_of, settle, touches_of
from tests.queries.test_attribution import weights_of

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2026, 3, 20), date(2026, 4, 20)  # over the change of the clocks in each zone


class Shop:
    def __init__(self, site, key, zone, rows):
        self.site, self.key, self.zone, self.rows = site, key, ZoneInfo(zone), settle(rows)
        self.sales = sales_of(self.rows)
        self.refunds = sales_of(self.rows, "refund")

    def local(self, row):
        return row.at.astimezone(self.zone).date()

    def within(self, rows):
        return [row for row in rows if FIRST <= self.local(row) <= LAST]

    def ask(self, path, **body):
        body = {"date_range": [FIRST.isoformat(), LAST.isoformat()]} | body
        headers = {"Authorization": f"Bearer {self.key}"}
        address = f"/api/v1/sites/{self.site.pk}/{path}"
        answer = Client().post(address, body, content_type="application/json", headers=headers)
        assert answer.status_code == 200, answer.content
        return answer.json()


@pytest.mark.parametrize("zone, seed", [("America/New_York", 1), ("Australia/Lord_Howe", 2), ("Europe/Berlin", 3)])
def test_a_nasty_history(owner, api_key, post, drain, zone, seed):
    new = do_create_site(owner.teams.get(), "shop.example", zone, "EUR")
    rows = make_history(seed, day(0), 80)
    for start in range(0, len(rows), 400):
        body = {"site": new.site.site_key, "events": [row.sent() for row in rows[start : start + 400]]}
        answer = post(body, secret=new.ingest_secret)
        assert (answer.status, answer.json()["rejected"]) == (202, []), answer.body
    drain()
    shop = Shop(new.site, api_key, zone, rows)
    check_revenue(shop)
    check_customers(shop)
    for lookback in (2, 90):
        check_attribution(shop, lookback, "channel", 1)
        check_attribution(shop, lookback, "utm_campaign", 2)
    for of in ("people", "customers"):
        check_ltv(shop, of)


def check_revenue(shop):
    names = ["visitors", "conversions", "revenue", "average_order_value"]
    found = shop.ask("query", metrics=names)["totals"]
    orders, refunds = shop.within(shop.sales), shop.within(shop.refunds)
    bought = sum(row.money for row in orders)
    assert found[:2] == [len({row.person for row in shop.within(shop.rows)}), len(orders)]
    assert Decimal(str(found[2])) == bought - sum(row.money for row in refunds)
    assert found[3] == pytest.approx(float(bought / len(orders)), abs=1e-3)
    for row in shop.ask("query", metrics=["revenue"], dimensions=["day"])["results"]:
        mine = [r.money for r in orders if shop.local(r).isoformat() == row["dimensions"][0]]
        less = [r.money for r in refunds if shop.local(r).isoformat() == row["dimensions"][0]]
        assert Decimal(str(row["metrics"][0])) == sum(mine, Decimal(0)) - sum(less, Decimal(0)), row


def check_customers(shop):
    found = shop.ask("customers", interval="month")
    first = {}
    for row in shop.sales:
        first.setdefault(row.person, row)
    here = shop.within(shop.sales)
    before = {person for person, row in first.items() if shop.local(row) < FIRST}
    for name, wanted in (
        ("new", [r for r in here if r.person not in before]),
        ("returning", [r for r in here if r.person in before]),
    ):
        assert (found[name]["customers"], found[name]["orders"]) == (len({r.person for r in wanted}), len(wanted))
        assert Decimal(str(found[name]["revenue"])) == sum(r.money for r in wanted)
    total = shop.ask("campaigns", model="linear")["total"]
    assert total["new_customers"] == pytest.approx(len(shop.within(first.values())), abs=1e-3)


def check_attribution(shop, lookback, by, place):
    found = shop.ask("attribution", by=by, lookback=lookback)
    orders, touches, untouched = shop.within(shop.sales), touches_of(shop.rows), 0
    credits, money = defaultdict(Fraction), defaultdict(Fraction)
    for order in orders:
        mine = [t for t in sorted(touches[order.person]) if order.at - timedelta(days=lookback) < t[0] <= order.at]
        untouched += not mine
        for model in SIMPLE if mine else ():
            weights = weights_of(model, [touch[:2] for touch in mine], order.at)
            for touch, weight in zip(mine, weights, strict=True):
                credits[touch[place], model] += weight
                money[touch[place], model] += weight * Fraction(order.money)
    assert (found["conversions"], found["untouched"]) == (len(orders), untouched)
    told = {(row["value"], model): credit for row in found["rows"] for model, credit in row["credits"].items()}
    for key, wanted in credits.items():
        assert told[key]["conversions"] == pytest.approx(float(wanted), abs=1e-4), key
        assert told[key]["revenue"] == pytest.approx(float(money[key]), abs=0.02), key
    for model in (*SIMPLE, "data_driven"):
        mine = [credit["conversions"] for (_, name), credit in told.items() if name == model]
        assert sum(mine) == pytest.approx(len(orders) - untouched, abs=1e-6), model


def check_ltv(shop, of):
    rows = shop.ask("ltv", of=of, days=[1, 7, 30], interval="week", forecast_days=0)["rows"]
    first, groups = {}, defaultdict(set)
    for row in shop.rows if of == "people" else shop.sales:
        first.setdefault(row.person, row)
    for row in shop.within(first.values()):
        monday = shop.local(row) - timedelta(days=shop.local(row).weekday())
        groups[monday.isoformat()].add(row.person)
    assert {row["value"] for row in rows} == set(groups)
    sales = [(row, row.money) for row in shop.sales] + [(row, -row.money) for row in shop.refunds]
    for row in rows:
        mine = [(r.at - first[r.person].at, money) for r, money in sales if r.person in groups[row["value"]]]
        assert Decimal(str(row["revenue"])) == sum((money for _, money in mine), Decimal(0))
        for days, value in zip((1, 7, 30), row["values"], strict=True):
            wanted = sum((money for age, money in mine if age < timedelta(days=days)), Decimal(0))
            assert value == pytest.approx(float(wanted / len(groups[row["value"]])), abs=1e-3)
