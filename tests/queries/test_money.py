"""Goals, customers, lifetime value, forecasts and campaigns, each against pandas or a simulation."""

import random
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analytics.queries import customers, forecast, goals, lifecycle, ltv, money, retention
from analytics.queries import query as core
from analytics.queries.attribution import MODELS
from analytics.queries.calendar import Period
from analytics.queries.dimensions import BadQuery
from analytics.queries.filters import check_filters
from analytics.queries.ltv import Ltv
from analytics.queries.people import Scope, Selector
from analytics.queries.query import Query
from analytics.queries.retention import Retention

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 7, 1, tzinfo=UTC)
PERIOD = Period(date(2026, 2, 1), date(2026, 5, 31), BERLIN)  # over the change of the clocks


def make_shop(seed, people=180):
    """People with consent who look and buy from December to June; some orders arrive twice, some are refunded."""
    rng, rows = random.Random(seed), []
    for person in range(1, people + 1):
        at = datetime(2025, 12, 15, tzinfo=UTC) + timedelta(days=rng.uniform(0, 150))
        channel, campaign = rng.choice([("Email", "news"), ("Paid Search", "ads"), ("Direct", "")])
        for number in range(rng.randint(1, 9)):
            kind = rng.choice(["page_view", "page_view", "purchase", "purchase", "signup"])
            row = {
                "timestamp": at.replace(microsecond=rng.randrange(1000) * 1000), "received_at": at, "event_type": kind, "event_index": number,
                "visitor_id": person, "person_id": person, "device_id": person, "session_id": person * 100 + number,
                "channel": channel, "utm_campaign": campaign, "interactive": True, "path": rng.choice(["/", "/pricing/x", "/blog"]),
                "event_id": uuid.UUID(int=rng.getrandbits(128)), "country": rng.choice(["DE", "US"]),
            }  # fmt: skip
            if kind == "purchase":
                row |= {"revenue": Decimal(rng.randint(100, 9999)) / 100}
                row |= {"order_id": f"{person}-{number}"} if rng.random() < 0.7 else {}
            rows.append(row)
            if kind == "purchase" and row.get("order_id") and rng.random() < 0.3:
                rows.append(row | {"timestamp": row["timestamp"] + timedelta(minutes=5), "event_id": uuid.uuid4()})
            if kind == "purchase" and rng.random() < 0.15:
                later = row["timestamp"] + timedelta(days=3)
                rows.append(
                    row | {"timestamp": later, "event_type": "refund", "event_id": uuid.uuid4(), "event_index": 50}
                )
            at += timedelta(days=rng.uniform(0, 25))
    firsts = {row["person_id"]: row for row in reversed(rows) if row["event_type"] == "purchase"}
    for person in range(1, people, 9):  # of an order from before Footfall was there
        if person in firsts:
            early = {"timestamp": firsts[person]["timestamp"] - timedelta(minutes=1), "event_type": "refund"}
            rows.append(
                firsts[person]
                | early
                | {"order_id": f"early-{person}", "event_id": uuid.UUID(int=rng.getrandbits(128))}
            )
    return [row for row in rows if row["timestamp"] < NOW]


def frame_of(rows):
    frame = pd.DataFrame(rows).sort_values(["timestamp", "event_index"])
    frame["order_id"] = frame.get("order_id", pd.Series(dtype=str)).fillna("")
    frame["revenue"] = frame.revenue.map(lambda value: Decimal(0) if value is None or value != value else value)
    frame["order"] = [order or str(key) for order, key in zip(frame.order_id, frame.event_id, strict=True)]
    return frame


@pytest.fixture(params=[1, 2])
def shop(request, site, insert_events):
    rows = make_shop(request.param)
    insert_events(site, rows)
    return frame_of(rows)


def scope(site, *filters):
    return Scope(site.pk, PERIOD, check_filters(list(filters)))


def inside(frame):
    return frame[(frame.timestamp >= PERIOD.start) & (frame.timestamp < PERIOD.end)]


def test_goals(site, shop):
    wanted = [
        Selector(event="signup"), Selector(page="/pricing/*"), Selector(event="purchase", filters=check_filters([["not_less", "revenue", [50]]])),
    ]  # fmt: skip
    for country in (None, "DE"):
        here = inside(shop)
        here = here if country is None else here[here.country == country]
        found = goals.run(scope(site, *([["is", "country", [country]]] if country else [])), wanted, NOW)
        chosen = [
            here[here.event_type == "signup"],
            here[(here.event_type == "page_view") & (here.path == "/pricing/x")],
            here[(here.event_type == "purchase") & (here.revenue >= 50)].drop_duplicates("order"),
        ]
        for goal, rows in zip(found, chosen, strict=True):
            assert (goal.people, goal.conversions) == (rows.person_id.nunique(), len(rows)) and len(rows)
            assert goal.rate == pytest.approx(100 * rows.person_id.nunique() / here.person_id.nunique(), abs=1e-3)
        assert found[2].revenue == sum(chosen[2].revenue)
    assert goals.run(scope(site), [], NOW) == []


def test_new_and_returning_customers(site, shop):
    orders = shop[shop.event_type == "purchase"].drop_duplicates(["person_id", "order"]).copy()
    orders["first"] = orders.groupby("person_id").timestamp.transform("min")
    here = inside(orders)
    found = customers.run(scope(site), "month", NOW)
    for sales, rows in (
        (found.new, here[here["first"] >= PERIOD.start]),
        (found.returning, here[here["first"] < PERIOD.start]),
    ):
        assert (sales.customers, sales.orders) == (rows.person_id.nunique(), len(rows)) and sales.customers
        assert sales.revenue == sum(rows.revenue)
    month = lambda times: times.dt.tz_convert(BERLIN).dt.strftime("%Y-%m-01")  # noqa: E731
    for bucket in found.buckets:
        rows = here[month(here.timestamp) == bucket.start]
        new = rows[month(rows["first"]) == bucket.start]
        assert bucket.new.customers == new.person_id.nunique() and bucket.new.revenue == sum(new.revenue)
        assert bucket.new.orders + bucket.returning.orders == len(rows) and bucket.complete


@pytest.mark.parametrize("of", ["people", "customers"])
@pytest.mark.parametrize("by", ["cohort", "channel"])
def test_lifetime_value(site, shop, of, by):
    starts = shop if of == "people" else shop[shop.event_type == "purchase"]
    first = starts.groupby("person_id").first()
    first = first[(first.timestamp >= PERIOD.start) & (first.timestamp < PERIOD.end)]
    group = (
        first.channel if by == "channel" else first.timestamp.dt.tz_convert(BERLIN).dt.strftime("%Y-%m-01").rename("g")
    )
    sales = shop[shop.event_type.isin(["purchase", "refund"])].drop_duplicates(["person_id", "event_type", "order"])
    found = ltv.run(Ltv(scope(site), by, "month", of, (0, 7, 30, 90)), NOW)
    assert {row.value for row in found} == set(group)
    all_pass = ["is", "event_type", sorted(set(shop.event_type))]  # a filter by event reads all events
    assert ltv.run(Ltv(scope(site, all_pass), by, "month", of, (0, 7, 30, 90)), NOW) == found
    for row in found:
        people = first[group == row.value]
        assert row.people == len(people)
        mine = sales[sales.person_id.isin(people.index)]
        mine = mine[mine.timestamp >= mine.person_id.map(people.timestamp)]
        amounts = [
            value if kind == "purchase" else -value for value, kind in zip(mine.revenue, mine.event_type, strict=True)
        ]
        ages = mine.timestamp - mine.person_id.map(people.timestamp)
        assert row.revenue == sum(amounts)
        assert row.customers == mine[mine.event_type == "purchase"].person_id.nunique()
        for n, value in zip((1, 7, 30, 90), row.values, strict=True):
            wanted = sum((a for a, age in zip(amounts, ages, strict=True) if age < timedelta(days=n)), Decimal(0))
            assert abs(value - wanted / len(people)) < Decimal("0.0001")
        newest = max(people.timestamp)
        assert row.complete == [newest + timedelta(days=n) <= NOW for n in (1, 7, 30, 90)]


def test_campaigns(site, shop):
    """Every session has one source for each person, so credit goes by it; only the first purchase ever makes a new customer."""
    spend = {"ads": Decimal("500"), "unseen": Decimal("10")}
    rows, total = money.run(scope(site), spend)
    orders = inside(shop[shop.event_type == "purchase"].drop_duplicates(["person_id", "order"]))
    ever = shop[shop.event_type == "purchase"].groupby("person_id").timestamp.min()
    new = set(ever[(ever >= PERIOD.start) & (ever < PERIOD.end)].index)
    found = {row.name: row for row in rows}
    for name in ("ads", "news"):
        mine = orders[orders.utm_campaign == name]
        assert found[name].conversions == pytest.approx(len(mine)) and abs(
            found[name].revenue - sum(mine.revenue)
        ) < Decimal("0.01")
        assert found[name].new_customers == pytest.approx(mine[mine.person_id.isin(new)].person_id.nunique())
    ads = found["ads"]
    assert float(ads.cac) == pytest.approx(500 / ads.new_customers, abs=0.01)
    assert ads.roas == pytest.approx(float(ads.revenue) / 500, abs=1e-3) and ads.roi == pytest.approx(
        ads.roas - 1, abs=1e-3
    )
    assert (found["unseen"].roi, found["unseen"].cac) == (-1.0, None) and found["news"].roas is None
    assert total.spend == 510 and total.new_customers == pytest.approx(len(new), abs=0.01)
    counted = core.run(Query(site.pk, PERIOD, ("sessions",)), NOW).totals[0]
    assert total.sessions == sum(row.sessions for row in rows) == counted


@pytest.mark.parametrize("model", list(MODELS))
def test_every_model_gives_away_all_there_is(site, shop, model):
    """What is credited, and what no touch led to, are all conversions, all revenue and all new customers."""
    rows, total = money.run(scope(site), {}, model)
    orders = inside(shop[shop.event_type == "purchase"].drop_duplicates(["person_id", "order"]))
    ever = shop[shop.event_type == "purchase"].groupby("person_id").timestamp.min()
    assert total.conversions == pytest.approx(len(orders), abs=0.01) and len(rows) > 1
    assert total.new_customers == pytest.approx(len(inside(ever.reset_index())), abs=0.01)
    assert abs(total.revenue - sum(orders.revenue)) < Decimal("0.01")


def test_a_campaign_without_a_conversion_is_told(site, insert_events):
    at = datetime(2026, 3, 1, tzinfo=UTC)
    insert_events(site, [{"timestamp": at, "session_id": 1, "utm_campaign": "launch", "channel": "Email"}])
    (row,), total = money.run(scope(site), {})
    assert (row.name, row.sessions, row.conversions, total.sessions) == ("launch", 1, 0, 1)


def test_new_is_who_never_bought_before_whatever_is_filtered(site, insert_events):
    day = lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=n)  # noqa: E731
    rows = [
        {"timestamp": day(n), "received_at": day(n), "event_type": "purchase", "person_id": person, "visitor_id": person, "device_id": person,
         "session_id": person * 10 + n, "country": country, "utm_campaign": "ads", "channel": "Email", "revenue": Decimal(10)}
        for person, n, country in ((1, 5, "FR"), (1, 60, "DE"), (2, 61, "DE"), (3, 62, "FR"), (3, 63, "DE"))
    ]  # fmt: skip
    insert_events(site, rows)
    found = {one.name: one for one in money.run(scope(site, ["is", "country", ["DE"]]), {})[0]}
    assert found["ads"].conversions == 3 and found["ads"].new_customers == 1


def test_who_was_identified_before_the_period_is_known_in_its_history(site, insert_events):
    """A first look without a name belongs to the user of that session, although nobody is identified in the period itself."""
    then, now = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)
    row = {"visitor_id": 7, "device_id": 7, "session_id": 1, "session_start": then}
    insert_events(site, [
        row | {"timestamp": then, "received_at": then, "person_id": 7},
        row | {"timestamp": then + timedelta(minutes=1), "received_at": then, "person_id": 99, "user_id": "u"},
        {"timestamp": now, "received_at": now, "visitor_id": 7, "device_id": 7, "person_id": 7, "session_id": 2},
    ])  # fmt: skip
    march = Period(date(2026, 3, 1), date(2026, 3, 31), BERLIN)
    (stage,) = lifecycle.run(site.pk, march, "month", now=NOW)
    assert (stage.new, stage.resurrecting) == (1, 0), "the device by itself is first seen in March"
    (cohort,) = retention.run(Retention(Scope(site.pk, march), interval="month", intervals=1), NOW).cohorts
    assert cohort.people == 1


def test_forecast_finds_the_parameters_of_a_simulation():
    rng = np.random.default_rng(1)
    r, alpha, a, b, size = 0.9, 6.0, 0.8, 2.5, 6000
    rates, drop, age = rng.gamma(r, 1 / alpha, size), rng.beta(a, b, size), rng.uniform(20, 60, size)
    x, recency, later = np.zeros(size), np.zeros(size), np.zeros(size)
    for i in range(size):
        at = 0.0
        while True:
            at += rng.exponential(1 / rates[i])
            if at > age[i] + 13:
                break
            if at <= age[i]:
                x[i], recency[i] = x[i] + 1, at
            else:
                later[i] += 1
            if rng.random() < drop[i]:
                break
    params = forecast.fit_bg_nbd(x, recency, age)
    assert params[0] == pytest.approx(r, rel=0.25) and params[1] == pytest.approx(alpha, rel=0.3)
    expected = forecast.expected_purchases(params, x, recency, age, 13)
    assert expected.mean() == pytest.approx(later.mean(), rel=0.08)
    busy = x >= np.quantile(x, 0.9)
    assert expected[busy].mean() == pytest.approx(later[busy].mean(), rel=0.12)


def test_gamma_gamma_finds_the_mean_purchase():
    rng = np.random.default_rng(2)
    p, q, v, size = 6.0, 4.0, 15.0, 5000
    x = rng.integers(1, 8, size).astype(float)
    nu = rng.gamma(q, 1 / v, size)
    value = np.array([rng.gamma(p, 1 / n, int(k)).mean() for n, k in zip(nu, x, strict=True)])
    params = forecast.fit_gamma_gamma(x, value)
    truth = p / nu
    expected = forecast.expected_value(params, x, value)
    assert expected.mean() == pytest.approx(truth.mean(), rel=0.03)
    assert np.abs(expected - truth).mean() < np.abs(value - truth).mean(), "pulled towards the mean of all"


def test_forecast_from_events(site, shop):
    found = forecast.run(scope(site), 90, NOW)
    assert found.customers == shop[shop.event_type == "purchase"].person_id.nunique()
    assert found.purchases > 0 and found.value > 0 and set(found.by_channel) == {"Email", "Paid Search", "Direct"}
    nobody = forecast.run(scope(site, ["is", "country", ["FR"]]), 90, NOW)
    assert nobody.value is None and "takes 50 customers" in nobody.reason


def test_what_is_wrong_is_named(site, stores):
    for wrong in (Ltv(scope(site), by="moon"), Ltv(scope(site), days=(7, 3)), Ltv(scope(site), of="dogs")):
        with pytest.raises(BadQuery):
            ltv.run(wrong)
