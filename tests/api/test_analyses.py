"""The analyses and exports by the front door: events posted, drained, asked for with a key."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest
from django.test import Client

from tests.conftest import event

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(api_key):
    def ask(path, body=None, key=api_key):
        headers = {"Authorization": f"Bearer {key}"}
        if body is None:
            return Client().get(f"/api/v1/{path}", headers=headers)
        return Client().post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)

    return ask


@pytest.fixture
def journeys(site, new_site, post, drain):
    """Ten people: all see pricing, six sign up, three buy; half of them in the variant "new"."""
    start = datetime.now(UTC) - timedelta(days=3)
    events = []
    for person in range(10):
        steps = [("page_view", "/pricing", {})]
        steps += [("signup", "/join", {"plan": "=cmd()"})] if person < 6 else []
        steps += (
            [("purchase", "/thanks", {"revenue": "19.90", "currency": "EUR", "order_id": f"o{person}"})]
            if person < 3
            else []
        )
        for minute, (kind, path, properties) in enumerate(steps):
            at = start + timedelta(hours=person, minutes=10 * minute)
            events.append(event(
                f"https://shop.example{path}" + ("?utm_source=news&utm_medium=email" if minute == 0 else ""), kind,
                event_timestamp=at.isoformat(), user={"user_id": f"u{person}", "ab_test_variants": {"price": "new" if person % 2 else "old"}},
                session={"event_index": minute}, event_properties=properties,
            ))  # fmt: skip
    answer = post({"site": site.site_key, "events": events}, secret=new_site.ingest_secret)
    assert answer.json()["accepted"] == 19, answer.body
    drain()


def test_funnel(call, site, journeys):
    asked = {"steps": [{"page": "/pricing"}, "signup", {"event": "purchase", "name": "Bought"}], "date_range": "7d"}
    found = call(f"sites/{site.pk}/funnel", asked).json()
    assert [(s["name"], s["people"], s["median_seconds"]) for s in found["steps"]] == [
        ("Viewed /pricing", 10, None), ("signup", 6, 600.0), ("Bought", 3, 600.0)
    ]  # fmt: skip
    assert found["steps"][2]["share_of_previous"] == 50 and found["median_seconds"] == 1200
    assert found["meta"]["timezone"] == "UTC"
    less = call(f"sites/{site.pk}/funnel", asked | {"exclusions": [{"event": "signup", "after": 1, "before": 3}], "steps": [
        {"page": "/pricing"}, "purchase", "refund"]}).json()  # fmt: skip
    assert ([s["people"] for s in less["steps"]], less["excluded"]) == ([4, 0, 0], 6)


def test_retention_paths_attribution_and_experiment(call, site, journeys):
    found = call(f"sites/{site.pk}/retention", {"date_range": "7d", "intervals": 2, "return_event": "signup"}).json()
    assert sum(c["people"] for c in found["cohorts"]) == 10
    edges = call(f"sites/{site.pk}/paths", {"by": "event", "date_range": "7d"}).json()["edges"]
    assert [(e["source"], e["target"], e["sessions"]) for e in edges if e["step"] == 1] == [
        ("page_view", "signup", 6), ("page_view", "(exit)", 4)
    ]  # fmt: skip
    found = call(f"sites/{site.pk}/attribution", {"by": "utm_source", "date_range": "7d"}).json()
    (row,) = found["rows"]
    assert (row["value"], found["conversions"], found["revenue"]) == ("news", 3, pytest.approx(59.7))
    assert all(c == {"conversions": 3.0, "revenue": pytest.approx(59.7)} for c in row["credits"].values())
    found = call(f"sites/{site.pk}/experiment", {"experiment": "price", "date_range": "7d"}).json()
    assert [(v["name"], v["people"], v["conversions"]) for v in found["variants"]] == [("new", 5, 1), ("old", 5, 2)]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("funnel", {}, "steps"), ("funnel", {"steps": ["a"]}, "steps"), ("funnel", {"steps": ["a", 7]}, "steps.1"),
        ("funnel", {"steps": ["a", {"evnt": "b"}]}, "steps.1"), ("funnel", {"steps": ["a", "b"], "window": "soon"}, "window"),
        ("funnel", {"steps": ["a", "b"], "order": "random"}, "order"), ("funnel", {"steps": ["a", "b"], "filters": [["is"]]}, "filters"),
        ("retention", {"interval": "year"}, "interval"), ("retention", {"intervals": 0}, "intervals"),
        ("retention", {"date_range": "all", "start_event": [1]}, "start_event"), ("paths", {"steps": 99}, "steps"),
        ("paths", {"cleaning": [{"pattern": "(", "to": "", "regex": True}]}, "cleaning"), ("attribution", {"by": "path"}, "by"),
        ("attribution", {"lookback": 365}, "lookback"), ("experiment", {}, "experiment"),
        ("experiment", {"experiment": "x", "metric": {"type": "ratio"}}, "metric.per"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(call, site, path, body, field):
    answer = call(f"sites/{site.pk}/{path}", body)
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"]["field"] == field


def test_foreign_sites_stay_closed(call, site):
    for path in ("funnel", "retention", "paths", "attribution", "experiment"):
        assert call(f"sites/{site.pk + 99}/{path}", {"steps": ["a", "b"], "experiment": "x"}).status_code == 404
    assert call(f"sites/{site.pk + 99}/export/events").status_code == 404


def read(answer):
    return b"".join(answer.streaming_content)


def test_exports(call, site, journeys):
    day = (datetime.now(UTC) - timedelta(days=6)).date()
    path = f"sites/{site.pk}/export/events?from={day}&to={datetime.now(UTC).date()}"
    rows = list(csv.DictReader(io.StringIO(read(call(path)).decode())))
    lines = [json.loads(line) for line in read(call(f"{path}&format=ndjson")).splitlines()]
    table = pq.read_table(io.BytesIO(read(call(f"{path}&format=parquet")))).to_pylist()
    assert len(rows) == len(lines) == len(table) == 19
    assert [r["event_id"] for r in rows] == [n["event_id"] for n in lines] == [t["event_id"] for t in table]
    assert str(sum(t["revenue"] for t in table)) == "59.7000"
    assert {n["event_type"] for n in lines} == {"page_view", "signup", "purchase"}
    signup = next(n for n in lines if n["event_type"] == "signup")
    assert signup["event_properties"] == {"plan": "=cmd()"} and signup["ab_test_variants"]["price"] in ("new", "old")
    assert [r["timestamp"] for r in rows] == sorted(n["timestamp"] for n in lines)
    sessions = list(csv.DictReader(io.StringIO(read(call(path.replace("events", "sessions"))).decode())))
    assert (len(sessions), {s["entry_page"] for s in sessions}) == (10, {"/pricing"})
    people = [json.loads(line) for line in read(call(path.replace("events", "people") + "&format=ndjson")).splitlines()]
    assert (len(people), sum(p["events"] for p in people), sum(p["revenue"] for p in people)) == (
        10,
        19,
        pytest.approx(59.7),
    )


def test_revenue_of_people_is_that_of_the_metric(call, site, new_site, post, drain):
    """An order sent twice counts once, and a refund is taken off."""
    bought = {"revenue": "19.90", "currency": "EUR", "order_id": "o1"}
    events = [event("https://shop.example/", kind, user={"user_id": "u"}, event_properties=properties)
              for kind, properties in (("purchase", bought), ("purchase", bought), ("refund", bought | {"revenue": "5"}))]  # fmt: skip
    post({"site": site.site_key, "events": events}, secret=new_site.ingest_secret)
    drain()
    (person,) = csv.DictReader(io.StringIO(read(call(f"sites/{site.pk}/export/people")).decode()))
    assert float(person["revenue"]) == 14.9


def test_a_formula_stays_a_text(call, site, new_site, post, drain):
    post(
        {"site": site.site_key, "events": [event("https://shop.example/", title="=HYPERLINK(1)")]},
        secret=new_site.ingest_secret,
    )
    drain()
    (row,) = csv.DictReader(io.StringIO(read(call(f"sites/{site.pk}/export/events")).decode()))
    assert row["title"] == "'=HYPERLINK(1)"


def test_exports_need_their_scope_and_say_what_is_wrong(call, site, owner):
    from accounts.actions import do_create_api_key

    key = do_create_api_key(owner, owner.teams.get(), "x", ("read:stats",))
    assert call(f"sites/{site.pk}/export/events", key=key).status_code == 403
    for query, field in (
        ("format=xml", "format"),
        ("from=soon", "date_range"),
        ("from=2026-02-01&to=2026-01-01", "date_range"),
    ):
        answer = call(f"sites/{site.pk}/export/events?{query}")
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)
    assert call(f"sites/{site.pk}/export/secrets").status_code == 404
    assert read(call(f"sites/{site.pk}/export/events?from=2020-01-01&to=2020-01-02")).startswith(b"event_id,timestamp")
