"""Trends, lifecycle, engagement, errors, vitals, anomalies and the explorer, against pandas and by hand."""

import json
import random
import uuid
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analytics.queries import anomalies, engagement, errors, explorer, lifecycle, search_terms, trends, vitals
from analytics.queries.calendar import Period
from analytics.queries.dimensions import BadQuery
from analytics.queries.filters import check_filters
from analytics.queries.funnel import Funnel, get_people
from analytics.queries.people import ANY, Scope, Selector
from analytics.queries.trends import Series, Trends

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Australia/Lord_Howe")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
PERIOD = Period(date(2026, 3, 20), date(2026, 4, 25), ZONE)  # over the change of the clocks


def make_rows(seed, people=120):
    rng, rows = random.Random(seed), []
    for person in range(1, people + 1):
        at = datetime(2026, 2, 10, tzinfo=UTC) + timedelta(days=rng.uniform(0, 70))
        for index in range(rng.randint(1, 25)):
            kind = rng.choice(["page_view", "page_view", "click", "signup", "export", "page_exit"])
            rows.append({
                "timestamp": at.replace(microsecond=0), "received_at": at, "event_type": kind, "event_index": index,
                "visitor_id": person, "person_id": person, "device_id": person, "session_id": person * 100 + index // 4,
                "interactive": kind != "page_exit", "path": "/", "country": rng.choice(["DE", "US", "NP"]),
                "engaged_ms": rng.randint(0, 300_000) if kind == "page_exit" else 0, "event_id": uuid.UUID(int=rng.getrandbits(128)),
                "properties": json.dumps({"price": rng.randint(1, 50), "plan": rng.choice(["free", "pro"])}),
            })  # fmt: skip
            at += timedelta(hours=rng.choice([0.1, 1, 30, 120]))
    return rows


@pytest.fixture
def frame(site, insert_events):
    rows = make_rows(4)
    insert_events(site, rows)
    made = pd.DataFrame(rows)
    made["local"] = made.timestamp.dt.tz_convert(ZONE)
    made["day"] = made.local.dt.date
    made["price"] = made.properties.map(lambda text: json.loads(text)["price"])
    made["plan"] = made.properties.map(lambda text: json.loads(text)["plan"])
    return made


def scope(site, *filters):
    return Scope(site.pk, PERIOD, check_filters(list(filters)))


def inside(frame):
    return frame[(frame.timestamp >= PERIOD.start) & (frame.timestamp < PERIOD.end)]


MEASURED = {
    "events": len, "people": lambda f: f.person_id.nunique(), "sessions": lambda f: f.session_id.nunique(),
    "per_person": lambda f: len(f) / f.person_id.nunique(), "sum": lambda f: f.price.sum(), "mean": lambda f: f.price.mean(),
    "median": lambda f: f.price.median(), "p95": lambda f: np.quantile(f.price, 0.95), "max": lambda f: f.price.max(),
}  # fmt: skip


def test_trends(site, frame):
    asked = tuple(
        Series(Selector(event="signup"), name, "props.price" if name in trends.OF_PROPERTY else "") for name in MEASURED
    )
    rows = inside(frame)[lambda f: f.event_type == "signup"]
    for start in range(0, len(asked), 5):
        part = asked[start : start + 5]
        found = trends.run(Trends(scope(site), part), NOW)
        assert len(found.buckets) == PERIOD.days and not any(found.partial)
        for one, line in zip(part, found.lines, strict=True):
            work = MEASURED[one.measure]
            assert line.total == pytest.approx(work(rows), abs=1e-3)
            for day, value in zip(found.buckets, line.values, strict=True):
                of_day = rows[rows.day == date.fromisoformat(day)]
                if len(of_day):
                    assert value == pytest.approx(work(of_day), abs=1e-3)
                else:
                    assert value == (0 if one.measure in ("events", "people", "sessions", "sum") else None)


def test_a_breakdown_and_a_formula(site, frame):
    asked = Trends(
        scope(site), (Series(Selector(event="signup"), "people"), Series(ANY, "people")), "week", "props.plan", "100 * A / B"
    )  # fmt: skip
    found = trends.run(asked, NOW)
    assert {line.group for line in found.lines} == {"free", "pro"} and found.groups_left_out == 0
    for line in found.lines:
        mine = inside(frame)[lambda f, line=line: f["plan"] == line.group]
        people = mine[mine.event_type == "signup"].person_id.nunique()
        assert line.total == pytest.approx(100 * people / mine.person_id.nunique(), abs=1e-3)
    few = trends.run(Trends(scope(site), (Series(ANY),), "month", "country", groups=1), NOW)
    assert len(few.lines) == 1 and few.groups_left_out == 2


@pytest.mark.parametrize(
    "formula", ["A +", "A.x", "C", "__import__('os')", "A ** 9", "A if B else 1", "(" * 300, "1e99"]
)
def test_a_formula_is_never_code(site, stores, formula):
    with pytest.raises(BadQuery, match="formula"):
        trends.run(Trends(scope(site), (Series(ANY), Series(ANY, "people")), formula=formula))


def test_what_is_wrong_with_a_trend_is_named(site, stores):
    for wrong in (
        Trends(scope(site), ()), Trends(scope(site), (Series(ANY, "sum"),)), Trends(scope(site), (Series(ANY, "events", "props.a"),)),
        Trends(scope(site), (Series(ANY, "mood"),)), Trends(scope(site), (Series(ANY),), breakdown="exit_page"),
    ):  # fmt: skip
        with pytest.raises(BadQuery):
            trends.run(wrong)
    empty = trends.run(Trends(scope(site), (Series(ANY),)), NOW)
    assert empty.lines[0].total == 0 and set(empty.lines[0].values) == {0.0}
    assert trends.run(Trends(scope(site), (Series(ANY),), formula="A / A"), NOW).lines[0].total is None


@pytest.mark.parametrize("interval", ["day", "week", "month"])
def test_lifecycle(site, frame, interval):
    def bucket(day):
        if interval == "week":
            return day - timedelta(days=day.weekday())
        return day.replace(day=1) if interval == "month" else day

    active = frame.assign(at=frame.day.map(bucket)).groupby("person_id")["at"].agg(set)
    found = lifecycle.run(site.pk, PERIOD, interval, now=NOW)
    firsts = [stage.first for stage in found]
    before = bucket(firsts[0] - timedelta(days=1))
    for stage, previous in zip(found, [before, *firsts], strict=False):
        new = sum(min(times) == stage.first for times in active)
        returning = sum({stage.first, previous} <= times for times in active)
        back = sum(stage.first in times and previous not in times and min(times) < stage.first for times in active)
        dormant = sum(previous in times and stage.first not in times for times in active)
        assert (stage.new, stage.returning, stage.resurrecting, stage.dormant) == (new, returning, back, dormant)
    assert sum(stage.new for stage in found) and all(stage.complete for stage in found)
    assert not lifecycle.run(site.pk, PERIOD, interval, now=PERIOD.start)[0].complete


def test_engagement(site, frame):
    rows = inside(frame).assign(week=lambda f: f.day.map(lambda day: day - timedelta(days=day.weekday())))
    formula = engagement.Formula((0.4, 0.3, 0.2, 0.1), (4, 20, 6, 2), core=("signup",), features=("signup", "export"))
    for wanted in (engagement.Formula(), formula):
        core, features = wanted.core or ("signup", "export"), wanted.features or ("signup", "export")
        for week in engagement.run(scope(site), wanted, NOW):
            scores = []
            for _, mine in rows[rows.week == week.first].groupby("person_id"):
                parts = (
                    mine.day.nunique(), mine.engaged_ms.sum() / 60_000, mine.event_type.isin(core).sum(),
                    mine[mine.event_type.isin(features)].event_type.nunique(),
                )  # fmt: skip
                scores.append(
                    100 * sum(w * min(p / c, 1) for w, p, c in zip(wanted.weights, parts, wanted.caps, strict=True))
                )
            assert week.people == len(scores) and sum(week.spread) == len(scores)
            assert week.score == pytest.approx(np.mean(scores), abs=0.01)
            assert week.spread[0] == sum(score < 20 for score in scores)
    assert "0.4 min(active days / 4, 1)" in formula.text


def test_errors_are_grouped(site, insert_events):
    at = datetime(2026, 4, 1, tzinfo=UTC)
    stack = "TypeError: x\n at https://cdn.example/node_modules/a.js:1:2\n at go (https://shop.example/app-1a2b3c4d5e.js?v=3:10:5)"

    def row(minute, message, session=1, kind="TypeError", **properties):
        when = at + timedelta(minutes=minute)
        return {
            "timestamp": when, "received_at": when, "event_type": "error", "error_type": kind, "error_message": message, "session_id": session,
            "person_id": session, "path": f"/{session}", "properties": json.dumps(properties),
        }  # fmt: skip

    insert_events(site, [
        row(1, "Cannot read item 17", error_stack=stack), row(2, "Cannot read item 4", 2, error_stack=stack),
        row(3, "User 0193576b-d0e4-7abc-8123-456789abcdef is gone", 2), row(4, "ResizeObserver loop limit exceeded", 3, "Error"),
        row(5, "Script error.", 3, "Error"),
    ])  # fmt: skip
    found = {group.message: group for group in errors.run(scope(site))}
    first = found["Cannot read item #"]
    assert (first.errors, first.people, first.sessions, first.example) == (2, 2, 2, "Cannot read item 4")
    assert first.frame == "/app.js:10" and first.first_seen == at + timedelta(minutes=1) and not first.apart
    assert sum(first.trend) == 2 and "User # is gone" in found
    assert found["Script error."].apart and found["ResizeObserver loop limit exceeded"].apart


def test_vitals(site, insert_events):
    rng, rows = random.Random(3), []
    for number in range(300):
        at = datetime(2026, 4, 2, tzinfo=UTC) + timedelta(minutes=number)
        rows.append({
            "timestamp": at, "received_at": at, "event_type": "page_performance", "path": "/a" if number < 260 else "/few",
            "lcp": rng.choice([2500, 4000, rng.uniform(500, 6000)]),
            "cls": rng.choice([0.1, 0.25, rng.uniform(0, 0.4)]) if number % 2 else None,
        })  # fmt: skip
    insert_events(site, rows)
    data = pd.DataFrame(rows)
    every, by_page = vitals.run(scope(site))
    for row, chosen in ((every, data), (by_page[0], data[data.path == "/a"])):
        for name in ("lcp", "cls"):
            values, found = chosen[name].dropna().astype(np.float32), row.vitals[name]
            assert found.samples == len(values)
            good, poor = (np.float32(limit) for limit in vitals.THRESHOLDS[name])
            shares = [100 * np.mean(values <= good), 100 * np.mean(values > poor)]
            assert [found.good, found.poor] == pytest.approx(shares, abs=0.01)
            assert [found.p50, found.p75, found.p95] == pytest.approx(
                list(np.quantile(values, [0.5, 0.75, 0.95])), abs=2e-3
            )
    assert by_page[1].value == "/few" and by_page[1].vitals["lcp"].p75 is None, "below 50 samples"
    assert [vitals.rate("lcp", v) for v in (2500, 2501, 4001, None)] == ["good", "needs work", "poor", ""]


def test_anomalies():
    calm = [100 + 20 * (day % 7) + day % 3 for day in range(70)]
    assert anomalies.find(calm, 56) == {}
    loud = [*calm[:60], 400, *calm[61:]]
    ((index, (low, high)),) = anomalies.find(loud, 56).items()
    assert index == 60 and low < calm[60] < high < 400
    rare = [0.0] * 56
    rare[3] = rare[10] = 1.0
    assert anomalies.find([*rare, *[1.0] * 7], 56) == {}, "one visitor more is no news"
    assert anomalies.find([0.0] * 60 + [5], 56) == {} and anomalies.find([1, 2, 300], 0) == {}, "no history, no claim"


def test_the_explorer(site, frame):
    here = inside(frame)
    kinds = {kind.name: kind for kind in explorer.get_event_types(scope(site))}
    assert {name: kind.events for name, kind in kinds.items()} == here.event_type.value_counts().to_dict()
    found = {prop.name: prop for prop in explorer.get_properties(scope(site), Selector(event="signup"))}
    signups = here[here.event_type == "signup"]
    assert dict(found["plan"].examples) == signups["plan"].value_counts().to_dict()
    assert found["price"].events == len(signups)


def test_people_of_a_step(site, frame):
    funnel = Funnel(scope(site), (Selector(event="signup"), Selector(event="export")))
    here = inside(frame)
    signed = set(here[here.event_type == "signup"].person_id)
    first = get_people(funnel, 1, limit=1000)
    assert {int(person.person, 16) for person in first} == signed
    second = {person.person for person in get_people(funnel, 2, limit=1000)}
    left = {person.person for person in get_people(funnel, 1, dropped=True, limit=1000)}
    assert second and left and not second & left and second | left == {person.person for person in first}
    with pytest.raises(BadQuery):
        get_people(funnel, 3)


def test_searches(site, insert_events):
    at = datetime(2026, 4, 1, tzinfo=UTC)

    def row(person, kind="search", **properties):
        return {
            "timestamp": at,
            "received_at": at,
            "event_type": kind,
            "person_id": person,
            "session_id": person,
            "properties": json.dumps(properties),
        }

    insert_events(site, [
        row(1, query_hash="aa", query_length=5, results_count=3), row(1, query_hash="aa", query_length=5, results_count=0),
        row(2, query_hash="aa", query_length=5), row(3, query_hash="bb", query_length=2, results_count=0), row(4),
        row(1, "search_result_click", query_hash="aa", result_position=1), row(9, "search_result_click", query_hash="cc"),
    ])  # fmt: skip
    found = search_terms.run(scope(site))
    assert [(t.query_hash, t.length, t.searches, t.people, t.without_result, t.clicked) for t in found] == [
        ("aa", 5, 3, 2, 1, 1), ("bb", 2, 1, 1, 1, 0),
    ]  # fmt: skip
