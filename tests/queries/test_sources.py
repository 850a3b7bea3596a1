"""The planner answers from rollup, visits, sessions or events; the answer is the same whichever it picks."""

import random
import threading
import time
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from analytics.queries import cache, explorer, plan, store, trends
from analytics.queries import query as core
from analytics.queries.calendar import Period
from analytics.queries.dimensions import VISIT_DIMENSIONS
from analytics.queries.filters import check_filters
from analytics.queries.people import Scope, Selector
from analytics.queries.query import Query
from analytics.queries.trends import Series, Trends
from tests.queries.history import MIDDLES, frame_of, make_history
from tests.queries.test_query import NOW

pytestmark = pytest.mark.django_db
METRICS = ("visitors", "users", "pageviews", "events", "errors")
DIMENSIONS = ("source", "country", "device_type", "entry_page", "city", "day", "hour", "week")
FILTERS = [
    ["is", "country", ["DE", "US"]], ["is_not", "source", ["Google"]], ["contains", "entry_page", ["a"]], ["set", "country"],
    ["not", ["is", "device_type", ["mobile"]]], ["or", [["is", "country", ["NP"]], ["is", "source", ["news"]]]],
    ["did", {"event": "purchase"}], ["did_not", {"page": "/pricing", "times": 2}],
    ["did", {"event": "click", "times": 2, "compare": "at_most", "within": "3d"}],
]  # fmt: skip


def random_query(rng, site, zone, middle):
    first = middle.astimezone(zone).date() + timedelta(days=rng.randint(-5, 0))
    dimensions = rng.sample(DIMENSIONS, rng.randint(0, 2))
    if sum(name in ("day", "hour", "week") for name in dimensions) > 1:
        dimensions = dimensions[:1]
    return Query(
        site.pk, Period(first, first + timedelta(days=rng.randint(0, 6)), zone),
        tuple(rng.sample(METRICS, rng.randint(1, len(METRICS)))), tuple(dimensions),
        check_filters(rng.sample(FILTERS, rng.randint(0, 2))), limit=1000,
    )  # fmt: skip


@pytest.mark.parametrize("zone", list(MIDDLES))
def test_every_source_gives_the_same_answer(site, insert_events, zone, monkeypatch):
    rng = random.Random(zone)
    rows = make_history(rng.randint(1, 1000), MIDDLES[zone])
    for start in range(0, len(rows), 97):  # parts that are not merged yet
        insert_events(site, rows[start : start + 97])
    asked = [random_query(rng, site, ZoneInfo(zone), MIDDLES[zone]) for _ in range(30)]
    seen, quick = [], []
    for query in asked:
        with monkeypatch.context() as watch:
            watch.setattr(plan, "visits_sql", lambda *a, real=plan.visits_sql: seen.append(1) or real(*a))
            quick.append(core.run(query, NOW))
    assert len(seen) > 20
    monkeypatch.setattr(plan.Plan, "reads_visits", lambda self: False)
    monkeypatch.setattr(plan.Plan, "reads_rollup", lambda self: False)
    for query, fast in zip(asked, quick, strict=True):
        plain = core.run(query, NOW)
        key = lambda row: (row.dimensions, row.metrics)  # noqa: E731
        assert fast.totals == plain.totals, query
        assert sorted(map(key, fast.rows)) == sorted(map(key, plain.rows)), query


EVENTS = ("page_view", "purchase", "click", "error", "never_seen", "")


def random_trends(rng, site, zone, middle):
    first = middle.astimezone(zone).date() + timedelta(days=rng.randint(-5, 0))
    period = Period(first, first + timedelta(days=rng.randint(0, 6)), zone)
    return Trends(
        Scope(site.pk, period, check_filters(rng.sample(FILTERS, rng.randint(0, 2)))),
        tuple(Series(Selector(rng.choice(EVENTS)), rng.choice(list(trends.VISITS))) for _ in range(rng.randint(1, 3))),
        rng.choice(("hour", "day", "week")), rng.choice(("", "", "country", "device_type", "entry_page")), groups=25,
    )  # fmt: skip


@pytest.mark.parametrize("zone", list(MIDDLES))
def test_trends_and_event_names_are_the_same_from_visits_and_from_events(site, insert_events, zone, monkeypatch):
    rng = random.Random(zone)
    rows = make_history(rng.randint(1, 1000), MIDDLES[zone])
    for start in range(0, len(rows), 97):
        insert_events(site, rows[start : start + 97])
    asked = [random_trends(rng, site, ZoneInfo(zone), MIDDLES[zone]) for _ in range(12)]
    assert all(map(trends.reads_visits, asked))
    quick = [(trends.run(one, NOW), explorer.get_event_names(one.scope)) for one in asked]
    assert any(line.total for told, _ in quick for line in told.lines)
    monkeypatch.setattr(trends, "reads_visits", lambda asked: False)
    for one, (told, names) in zip(asked, quick, strict=True):
        assert told == trends.run(one, NOW), one
        kinds = [kind.name for kind in explorer.get_event_types(one.scope)]
        assert names == kinds, one


def test_columns_of_visits_are_those_that_the_planner_thinks(stores):
    from analytics.clickhouse import client

    sql = "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'visits'"
    assert {name for (name,) in client.read(sql, {}, "test")} >= VISIT_DIMENSIONS


@pytest.mark.parametrize(
    "raw, wanted",
    [
        ({"event": "purchase"}, lambda n: n >= 1),
        ({"event": "purchase", "times": 2}, lambda n: n >= 2),
        ({"event": "purchase", "times": 1, "compare": "exactly"}, lambda n: n == 1),
        ({"event": "purchase", "times": 1, "compare": "at_most"}, lambda n: n <= 1),
    ],
)
def test_who_did_something_so_many_times(site, insert_events, raw, wanted):
    """Against pandas, for events and for sessions; history.py knows who is who."""
    middle = MIDDLES["UTC"]
    rows = make_history(7, middle)
    insert_events(site, rows)
    day = middle.date()
    period = Period(day - timedelta(days=3), day + timedelta(days=3), ZoneInfo("UTC"))
    frame = frame_of(rows)
    inside = frame[(frame.time >= period.start) & (frame.time < period.end)]
    done = inside[inside.event_type == "purchase"].groupby("person").size()
    people = {p for p in inside.person.unique() if wanted(done.get(p, 0))}
    for negated in (False, True):
        kept = inside[inside.person.isin(people) != negated]
        query = Query(
            site.pk,
            period,
            ("visitors", "events", "sessions"),
            filters=check_filters([["did_not" if negated else "did", raw]]),
        )
        visitors, events, sessions = core.run(query, NOW).totals
        assert (visitors, events) == (kept.person.nunique(), len(kept)) and events
        starts = frame.groupby("session_id").time.min()
        began = set(starts[(starts >= period.start) & (starts < period.end)].index)
        after = frame[(frame.time >= period.start) & (frame.time < period.end + timedelta(days=1))]
        met = set(after[after.person.isin(people) != negated].session_id)
        assert sessions == len(began & met)


def test_an_answer_is_remembered_until_something_arrives(site, insert_events, monkeypatch):
    middle = MIDDLES["UTC"]
    rows = make_history(3, middle)
    insert_events(site, rows[:100])
    period = Period(middle.date() - timedelta(days=6), middle.date() + timedelta(days=6), ZoneInfo("UTC"))
    query = Query(site.pk, period, ("events",), ("country",))
    asked = []
    from analytics.queries import store

    monkeypatch.setattr(store, "read", lambda *a, real=store.read: asked.append(a[2]) or real(*a))
    monkeypatch.setattr(cache, "STAMP_SECONDS", 0.0)
    first = core.run(query, NOW)
    cost = len([tag for tag in asked if tag == "query"])
    assert core.run(query, NOW).totals == first.totals == [100]
    assert len([tag for tag in asked if tag == "query"]) == cost > 0
    insert_events(site, rows[100:150])
    assert core.run(query, NOW).totals == [150]


def test_no_question_waits_for_the_slow_ones_of_others(stores):
    over, began = threading.Event(), time.monotonic()
    slow = [store._pool.submit(over.wait, 20) for _ in range(2)]
    try:
        asked = {"site": 1, "end": "2100-01-01 00:00:00.000"}
        assert store.soon("SELECT {site:UInt32} + 41", asked, "test")() == [(42,)] and time.monotonic() - began < 10
    finally:
        over.set()
    assert all(one.result() for one in slow)


def test_memory_is_bounded():
    kept = cache.Results()
    for number in range(300):
        kept.put(number, [(number,) * 10] * 1000)
    assert kept._cells <= cache.MOST_CELLS and kept.get(0) is None and kept.get(299)
    kept.put("large", [(0,) * 11] * 10_000)
    assert kept.get("large") is None
