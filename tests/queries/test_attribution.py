"""Attribution against each conversion credited by hand in Python, with fractions."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from analytics.queries.attribution import SIMPLE, Attribution, linear, markov, position_based, run
from analytics.queries.calendar import Period
from analytics.queries.dimensions import BadQuery
from analytics.queries.people import Scope, Selector
from tests.conftest import event

pytestmark = pytest.mark.django_db
PERIOD = Period(date(2026, 5, 1), date(2026, 5, 31), ZoneInfo("UTC"))
CHANNELS = ["Direct", "Organic Search", "Paid Social", "Email"]


def make_rows(seed=4, people=80):
    rng, rows, session = random.Random(seed), [], 0
    for person in range(1, people + 1):
        at = datetime(2026, 4, 1, tzinfo=UTC) + timedelta(days=rng.uniform(0, 40))
        for _ in range(rng.randint(1, 7)):
            at += timedelta(days=rng.choice([0.2, 1, 4, 12]))
            session += 1
            channel = rng.choice(CHANNELS)
            base = {
                "received_at": at, "session_id": session, "session_start": at.replace(microsecond=0), "channel": channel,
                "visitor_id": person, "person_id": person, "path": "/", "interactive": True,
            }  # fmt: skip
            inside = {
                "page_referrer": "https://shop.example/cart"
            }  # of the site itself: after a pause, or on the next page
            led = inside if channel == "Direct" and rng.random() < 0.4 else {}
            rows.append(base | {"timestamp": at.replace(microsecond=0), "event_type": "page_view"} | led)
            for n in range(rng.choice([0, 1, 2])):
                seen = (at + timedelta(seconds=20 * n)).replace(microsecond=0)  # the first in the same moment
                rows.append(base | {"timestamp": seen, "event_type": "page_view", "event_index": n + 1} | inside)
            for n in range(rng.choice([0, 0, 1, 2])):
                order = {"order_id": f"o{session}"} if rng.random() < 0.5 else {}
                later = (at + timedelta(minutes=5 + n)).replace(microsecond=0)
                money = Decimal(rng.randint(100, 99_999)) / 100
                rows.append(
                    base
                    | {"timestamp": later, "event_type": "purchase", "event_index": n + 5, "revenue": money}
                    | order
                )
    return rows


def weights_of(model, touches, when):
    n = len(touches)
    if model == "last_non_direct":
        known = [i for i, (_, channel) in enumerate(touches) if channel != "Direct"]
        return [Fraction(i == (known[-1] if known else n - 1)) for i in range(n)]
    if model in ("last_touch", "first_touch"):
        return [Fraction(i == (n - 1 if model == "last_touch" else 0)) for i in range(n)]
    if model == "linear":
        return [Fraction(1, n)] * n
    if model == "position_based":
        if n < 3:
            return [Fraction(1, n)] * n
        return [Fraction(2, 5) if i in (0, n - 1) else Fraction(1, 5) / (n - 2) for i in range(n)]
    decays = [2 ** ((at - when).total_seconds() / (7 * 86_400)) for at, _ in touches]
    return [Fraction(d / sum(decays)) for d in decays]


def journeys(rows, lookback):
    sessions, conversions = defaultdict(list), {}
    for row in sorted(rows, key=lambda r: r["timestamp"]):
        if row["event_type"] == "page_view":
            if not row.get("event_index") and not row.get("page_referrer"):
                sessions[row["person_id"]].append((row["timestamp"], row["channel"]))
        elif PERIOD.start <= row["timestamp"] < PERIOD.end:
            key = (row["person_id"], row.get("order_id") or id(row))
            conversions.setdefault(key, (row["timestamp"], row["revenue"]))
    found = []
    for (person, _), (when, money) in conversions.items():
        touches = [t for t in sessions[person] if when - timedelta(days=lookback) < t[0] <= when]
        found.append((touches, when, money))
    return found


@pytest.mark.parametrize("lookback", [1, 30, 90])
def test_models(site, insert_events, lookback):
    rows = make_rows()
    insert_events(site, rows)
    result = run(Attribution(Scope(site.pk, PERIOD), lookback=lookback))
    found = journeys(rows, lookback)
    touched = [one for one in found if one[0]]
    assert len(touched) < len(found), "some come from inside alone"
    for model in SIMPLE:
        credits, money = defaultdict(Fraction), defaultdict(Fraction)
        for touches, when, revenue in touched:
            for (_, channel), weight in zip(touches, weights_of(model, touches, when), strict=True):
                credits[channel] += weight
                money[channel] += weight * Fraction(revenue)
        for row in result.rows:
            assert row.credits[model].conversions == pytest.approx(float(credits[row.value]), abs=1e-5), model
            assert float(row.credits[model].revenue) == pytest.approx(float(money[row.value]), abs=1e-2), model
    for model in result.rows[0].credits:
        assert sum(row.credits[model].conversions for row in result.rows) == pytest.approx(len(touched), abs=1e-9)
        assert float(sum(row.credits[model].revenue for row in result.rows)) == pytest.approx(
            float(sum(m for _, _, m in touched)), abs=1e-3
        )
    assert (result.conversions, result.untouched) == (len(found), len(found) - len(touched))
    assert result.revenue == sum(m for _, _, m in found)


def test_who_goes_on_after_a_pause_came_from_where_they_came_before(new_site, post, drain):
    """From Google; an hour later a click on a link of the site begins another session, which is no touch, and they buy. Who
    comes again by a bookmark touches."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
    google, own, none = "https://www.google.com/", "https://shop.example/cart", ""

    def seen(minutes, who, referrer, kind="page_view", **more):
        when = (at + timedelta(minutes=minutes)).isoformat()
        return event(kind=kind, referrer=referrer, event_timestamp=when, device={"device_id": who}, **more)

    sold = {"kind": "purchase", "event_properties": {"revenue": 10}}
    events = [
        *(seen(0, who, google) for who in ("a", "b")), *(seen(1, who, own) for who in ("a", "b")),
        seen(70, "a", own), seen(75, "a", own, **sold), seen(70, "b", none), seen(75, "b", own, **sold),
    ]  # fmt: skip
    assert (
        post({"site": new_site.site.site_key, "events": events}, secret=new_site.ingest_secret).json()["accepted"] == 8
    )
    drain()
    period = Period(at.date() - timedelta(days=1), at.date() + timedelta(days=2), ZoneInfo("UTC"))
    found = {row.value: row for row in run(Attribution(Scope(new_site.site.pk, period))).rows}
    assert {name: row.credits["last_touch"].conversions for name, row in found.items()} == {
        "Organic Search": 1,
        "Direct": 1,
    }
    assert {name: row.touches for name, row in found.items()} == {"Organic Search": 2, "Direct": 1}


def visit(person, hours, channel, kind="page_view", **more):
    at = datetime(2026, 5, 10, tzinfo=UTC) + timedelta(hours=hours)
    row = {"timestamp": at, "received_at": at, "session_start": at, "session_id": person * 100 + int(hours), "path": "/",
           "visitor_id": person, "person_id": person, "channel": channel, "event_type": kind, "interactive": True}  # fmt: skip
    return row | more


def test_a_session_without_a_page_view_is_no_touch(site, insert_events):
    """A purchase that the server of a shop sends has no source of its own."""
    insert_events(site, [visit(1, 0, "Email"), visit(1, 2, "", "purchase", revenue=Decimal(10))])
    (row,) = run(Attribution(Scope(site.pk, PERIOD))).rows
    assert (row.value, row.touches, {credit.conversions for credit in row.credits.values()}) == ("Email", 1, {1})


def test_what_led_to_nothing_is_listed_with_its_touches(site, insert_events):
    insert_events(
        site, [visit(1, 0, "Email"), visit(1, 2, "", "purchase", revenue=Decimal(10)), visit(2, 1, "Referral")]
    )
    found = {row.value: row for row in run(Attribution(Scope(site.pk, PERIOD))).rows}
    assert {name: row.touches for name, row in found.items()} == {"Email": 1, "Referral": 1}
    assert found["Referral"].credits["linear"].conversions == 0


def test_what_led_to_another_path_is_credited_too(site, insert_events):
    """Somebody came by Email and signed up; another by a link, then by Email, and did not: in the chain the link leads to
    Email, and from there half go on to sign up. Without Email nobody would, without the link half of those who do."""
    insert_events(site, [
        visit(1, 0, "Email"), visit(1, 0.1, "Email", "signup"), visit(2, 0, "Referral"), visit(2, 2, "Email"),
    ])  # fmt: skip
    found = {row.value: row.credits for row in run(Attribution(Scope(site.pk, PERIOD), Selector(event="signup"))).rows}
    driven = {name: credits["data_driven"].conversions for name, credits in found.items()}
    assert driven == pytest.approx({"Email": 2 / 3, "Referral": 1 / 3})
    assert found["Email"]["linear"].conversions == 1 and found["Referral"]["linear"].conversions == 0


@pytest.mark.parametrize("weight", [lambda n, first, last: linear(n, last), position_based])
def test_what_does_not_divide_goes_to_the_last_touch(weight):
    for n in range(1, 60):
        parts = [weight(n, i == 0, i == n - 1) for i in range(n)]
        assert sum(parts) == 10**9 and 0 <= parts[-1] - parts[0] < n and len(set(parts[1:-1])) <= 1


def test_removal_effect_by_hand():
    """Two paths: A B converts, A does not. Without B nothing converts, without A nothing either: half each."""
    assert markov([(["A", "B"], 1, 0, 0), (["A"], 0, 1, 0)]) == {"A": 0.5, "B": 0.5}
    shares = markov([(["A"], 1, 0, 0), (["B"], 1, 1, 0)])
    # reached = 2/3 (start: A 1/3, B 2/3; B wins half); without A 1/3: effect 1/2; without B 1/3: effect 1/2
    assert shares == pytest.approx({"A": 0.5, "B": 0.5})
    assert markov([(["A"], 0, 4, 0)]) == {}


def test_what_cannot_be_asked(site):
    for more in ({"by": "path"}, {"lookback": 0}, {"lookback": 91}):
        with pytest.raises(BadQuery):
            run(Attribution(Scope(site.pk, PERIOD), **more))
