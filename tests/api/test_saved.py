"""Goals, segments, cohorts, annotations, spend, reports and background exports by the API."""

import csv
import io
import json
import time
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest
from django.test import Client

from analytics.clickhouse import client
from analytics.saved import exports
from analytics.saved.models import Export
from tests.api.test_analyses import call, journeys
from tests.conftest import eventually

pytestmark = pytest.mark.django_db
__all__ = ["call", "journeys"]


@pytest.fixture
def admin_key(owner):
    from accounts.actions import do_create_api_key

    return do_create_api_key(owner, owner.teams.get(), "admin", ("admin",))


@pytest.fixture
def send(admin_key):
    def ask(method, path, body=None, key=admin_key, **headers):
        made = getattr(Client(), method)
        data = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return made(f"/api/v1/{path}", headers={"Authorization": f"Bearer {key}", **headers}, **data)

    return ask


def test_goals_are_made_used_and_deleted(send, call, site, journeys):
    base = f"sites/{site.pk}/goals"
    for body in (
        {"name": "Bought", "kind": "event", "target": "purchase"},
        {"name": "Saw prices", "kind": "page", "target": "/pri*"},
        {"name": "Joined pro", "kind": "event", "target": "signup", "filters": [["is", "props.plan", ["=cmd()"]]]},
        {"name": "Large", "kind": "revenue", "threshold": "30"},
    ):
        assert send("post", base, body).status_code == 201
    found = call(f"sites/{site.pk}/conversions", {"date_range": "7d"}).json()["goals"]
    assert [(g["name"], g["people"], g["rate"]) for g in found] == [
        ("Bought", 3, 30.0), ("Joined pro", 6, 60.0), ("Large", 0, 0.0), ("Saw prices", 10, 100.0),
    ]  # fmt: skip
    first = send("get", base).json()["results"][-1]
    asked = {"metrics": ["conversion_rate"], "date_range": "7d", "goal": {"goal": first["id"]}}
    assert call(f"sites/{site.pk}/query", asked).json()["totals"] == [30.0]
    steps = call(f"sites/{site.pk}/funnel", {"steps": ["goal:Saw prices", "goal:Bought"], "date_range": "7d"}).json()[
        "steps"
    ]
    assert [(s["name"], s["people"]) for s in steps] == [("Saw prices", 10), ("Bought", 3)]
    assert send("patch", f"{base}/{first['id']}", {"target": "signup"}).json()["target"] == "signup"
    assert send("delete", f"{base}/{first['id']}").status_code == 204
    assert send("get", f"{base}/{first['id']}").status_code == 404
    assert "no goal" in call(f"sites/{site.pk}/funnel", {"steps": ["goal:Bought", "a"]}).json()["error"]["message"]


@pytest.mark.parametrize(
    "kind, body, field",
    [
        ("goals", {"name": "x", "kind": "page", "target": "thanks"}, "target"),
        ("goals", {"name": "x", "kind": "scroll", "threshold": 400}, "threshold"),
        ("goals", {"name": "x", "kind": "moon"}, "kind"),
        ("goals", {"name": "x", "target": "a", "filters": [["near", "country"]]}, "filters"),
        ("segments", {"name": "x", "filters": []}, "filters"),
        ("segments", {"name": "x", "filters": [["segment", 99]]}, "filters"),
        ("segments", {"name": "x", "filters": [["did", {"event": "a", "times": 0}]]}, "filters"),
        ("segments", {"name": "x", "kind": "static", "days": 0, "filters": [["did", "a"]]}, "days"),
        ("defined-events", {"name": "x", "selector": "a + b"}, "selector"),
        ("defined-events", {"name": "x", "selector": "[href] a"}, "selector"),
        ("defined-events", {"name": "x", "selector": "a:hover"}, "selector"),
        ("annotations", {"text": "x", "link": "javascript:alert(1)"}, "link"),
        ("spend", {"day": "soon", "campaign": "a", "amount": 1}, "day"),
    ],
)
def test_what_is_wrong_is_named(send, site, stores, kind, body, field):
    answer = send("post", f"sites/{site.pk}/{kind}", body)
    assert answer.status_code == 400 and answer.json()["error"]["field"] == field, answer.content
    assert send("get", f"sites/{site.pk}/{kind}").json()["results"] == []


def test_names_are_used_once(send, site):
    body = {"name": "A", "kind": "event", "target": "a"}
    assert send("post", f"sites/{site.pk}/goals", body).status_code == 201
    assert send("post", f"sites/{site.pk}/goals", body).json()["error"]["field"] == "name"


def test_segments_and_cohorts(send, call, site, journeys):
    base = f"sites/{site.pk}/segments"
    buyers = send("post", base, {"name": "Buyers", "filters": [["did", {"event": "purchase"}]]}).json()["id"]
    nested = send(
        "post", base, {"name": "Old", "filters": [["segment", buyers], ["is", "variant", ["price=old"]]]}
    ).json()["id"]
    query = {"metrics": ["visitors", "events"], "date_range": "7d"}
    ask = lambda *filters: call(f"sites/{site.pk}/query", query | {"filters": list(filters)}).json()["totals"]  # noqa: E731
    assert ask(["segment", buyers]) == [3, 9] and ask(["not", ["segment", buyers]]) == [7, 10]
    assert ask(["segment", nested]) == [2, 6]
    static = send("post", base, {"name": "Joiners", "kind": "static", "days": 7, "filters": [["did", "signup"]]}).json()
    assert static["people"] == 6 and static["as_of"]
    assert ask(["cohort", static["id"]]) == [6, 15]
    assert call(f"sites/{site.pk}/query", query | {"filters": [["segment", 12345]]}).status_code == 400
    assert send("patch", f"{base}/{static['id']}", {"filters": [["did", "purchase"]]}).json()["people"] == 3
    assert ask(["cohort", static["id"]]) == [3, 9], "its people follow its filters"
    assert send("delete", f"{base}/{static['id']}").status_code == 204
    eventually(lambda: not client.read("SELECT count() FROM cohort_people", {}, "test")[0][0])


def test_defined_events_look_back(send, call, site, new_site, post, drain):
    at = datetime.now(UTC) - timedelta(days=1)
    clicks = [("button", "cta big", "Sign up", None), ("a", "link", "Blog", None), ("button", "cta", "Buy", None)]
    clicks += [
        ("b", "x", "", "body>main>div#top.a.card.w_1/2>button.cta>b.x"),
        ("p", "", "", "main>div.card>section>p"),
    ]
    events = [
        {
            "event_type": "click", "page": {"url": "https://shop.example/"}, "event_timestamp": at.isoformat(), "user": {"user_id": f"u{i}"},
            "event_properties": {"element": {"tag": tag, "class": kind, "text": text, **({"path": path} if path else {})}, "position": {"x": 1, "y": 1}},
        }
        for i, (tag, kind, text, path) in enumerate(clicks)
    ]  # fmt: skip
    assert post({"site": site.site_key, "events": events}, secret=new_site.ingest_secret).json()["accepted"] == 5
    drain()
    body = {"name": "cta_click", "selector": "button.cta, a[text*='Blo']"}
    made = send("post", f"sites/{site.pk}/defined-events", body)
    assert made.status_code == 201
    asked = {
        "series": [{"event": "cta_click", "measure": "people"}],
        "date_range": "7d",
        "breakdown": "props.element.tag",
    }
    lines = call(f"sites/{site.pk}/trends", asked).json()["lines"]
    assert {(line["name"], line["group"], line["total"]) for line in lines} == {
        ("cta_click · people", "button", 2.0), ("cta_click · people", "a", 1.0), ("cta_click · people", "b", 1.0),
    }  # fmt: skip
    for selector, people in {
        ".big": 1, ".card": 2, "div.card button": 1, "main > .card": 2, "main > button": 0, ".card > section p": 1, "#top": 1,
        "#top.card.a .x": 1, ".car": 0, "b.x": 1, "*": 5, "button": 3, r".w\.1\/2 .cta": 1, ".card [text]": 0, "main b[class=x]": 1,
    }.items():  # fmt: skip
        changed = send("patch", f"sites/{site.pk}/defined-events/{made.json()['id']}", {"selector": selector})
        assert changed.status_code == 200, changed.content
        found = sum(line["total"] for line in call(f"sites/{site.pk}/trends", asked).json()["lines"])
        assert found == people, selector


def test_annotations_take_write_events_and_the_rest_admin(send, site, owner):
    from accounts.actions import do_create_api_key

    team = owner.teams.get()
    writer = do_create_api_key(owner, team, "deploys", ("write:events",))
    reader = do_create_api_key(owner, team, "reader", ("read:stats",))
    notes = f"sites/{site.pk}/annotations"
    assert send("post", notes, {"text": "Release 1.2"}, key=writer).status_code == 201
    assert send("post", notes, {"text": "Release 1.2"}, key=reader).status_code == 403
    assert send("post", f"sites/{site.pk}/goals", {"name": "a", "target": "a"}, key=writer).status_code == 403
    assert [n["text"] for n in send("get", notes, key=reader).json()["results"]] == ["Release 1.2"]


def test_spend_makes_roi(send, call, site, journeys):
    day = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
    for _ in range(2):  # the same again takes its place
        assert (
            send("post", f"sites/{site.pk}/spend", {"day": day, "campaign": "spring", "amount": "40.00"}).status_code
            == 201
        )
    found = call(f"sites/{site.pk}/campaigns", {"date_range": "7d"}).json()
    assert found["total"]["spend"] == 40 and found["total"]["roi"] == round((59.7 - 40) / 40, 4)
    assert {row["name"] for row in found["rows"]} == {"spring", ""}


@pytest.mark.parametrize("name", ["lifecycle", "engagement", "customers", "ltv", "errors", "vitals", "trends"])
def test_every_report_answers(call, site, journeys, name):
    body = {"date_range": "28d"} | ({"series": [{}], "formula": "A / 2"} if name == "trends" else {})
    answer = call(f"sites/{site.pk}/{name}", body)
    assert answer.status_code == 200, answer.content
    assert answer.json()["meta"]["timezone"] == "UTC"
    if name == "lifecycle":
        assert sum(stage["new"] for stage in answer.json()["stages"]) == 10
    if name == "ltv":
        assert sum(row["people"] for row in answer.json()["rows"]) == 10


def test_the_people_of_a_step(call, site, journeys):
    asked = {"steps": ["signup", "purchase"], "date_range": "7d", "dropped": True}
    found = call(f"sites/{site.pk}/funnel/people", asked).json()["people"]
    assert len(found) == 3 and all(person["steps"] == 1 for person in found)
    exported = b"".join(call(f"sites/{site.pk}/export/people").streaming_content).decode()
    known = {row["person_id"] for row in csv.DictReader(io.StringIO(exported))}
    assert {person["person"] for person in found} < known, "they are called the same everywhere"


def test_pages_of_a_list(send, site):
    for number in range(5):
        send("post", f"sites/{site.pk}/goals", {"name": f"g{number}", "target": "a"})
    first = send("get", f"sites/{site.pk}/goals?limit=2").json()
    second = send("get", first["next"].split("/api/v1/")[1]).json()
    names = [goal["name"] for goal in first["results"] + second["results"]]
    assert names == ["g4", "g3", "g2", "g1"] and second["previous"]


def test_an_unchanged_answer_is_304(send, site):
    first = send("get", f"sites/{site.pk}")
    again = send("get", f"sites/{site.pk}", **{"If-None-Match": first["ETag"]})
    assert again.status_code == 304 and again.content == b"" and again["ETag"] == first["ETag"]
    weak = send("get", f"sites/{site.pk}", **{"If-None-Match": f'"x", W/{first["ETag"]}'})
    assert weak.status_code == 304, "as it comes back once the answer was packed"
    site.domain = "other.example"
    site.save()
    assert send("get", f"sites/{site.pk}", **{"If-None-Match": first["ETag"]}).status_code == 200


def test_a_key_has_an_allowance(send, site, settings):
    settings.API_RATE = 3
    time.sleep(60 - time.time() % 60 if time.time() % 60 > 55 else 0)
    answers = [send("get", f"sites/{site.pk}") for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert [a["X-RateLimit-Remaining"] for a in answers[:3]] == ["2", "1", "0"]
    assert answers[3].json()["error"]["code"] == "rate_limited" and 0 < int(answers[3]["Retry-After"]) <= 60


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_an_export_in_the_background(send, site, journeys, form, monkeypatch):
    asked = {"kind": "events", "format": form, "date_range": "7d"}
    made = send("post", f"sites/{site.pk}/exports", asked)
    assert made.status_code == 202 and made.json()["status"] == "waiting" and made.json()["url"] is None
    job = Export.objects.get()
    path = f"sites/{site.pk}/exports/{job.pk}"
    assert send("get", f"{path}/file").status_code == 404
    with monkeypatch.context() as broken:  # the store goes away after some days; the parts that are done stay
        real, asked_for = exports.export.get_blocks, []

        def away(kind, scope, names):
            asked_for.append(scope)
            if len(asked_for) > 4:
                raise exports.StoreError("away")
            return real(kind, scope, names)

        broken.setattr(exports.export, "get_blocks", away)
        exports.do_run(job.pk)
    told = send("get", path).json()
    assert told["status"] == "running" and 0 < told["progress"] < 1
    exports.do_run(job.pk)
    told = send("get", path).json()
    assert told["status"] == "done" and told["progress"] == 1 and told["rows"] == 19
    whole = b"".join(send("get", f"{path}/file").streaming_content)
    rows = {
        "csv": lambda: list(csv.DictReader(io.StringIO(whole.decode()))),
        "ndjson": lambda: [json.loads(line) for line in whole.splitlines()],
        "parquet": lambda: pq.read_table(io.BytesIO(whole)).to_pylist(),
    }[form]()
    assert len(rows) == 19 and {row["event_type"] for row in rows} == {"page_view", "signup", "purchase"}
    part = send("get", f"{path}/file", Range="bytes=10-19")
    assert (part.status_code, b"".join(part.streaming_content)) == (206, whole[10:20])
    assert part["Content-Range"] == f"bytes 10-19/{len(whole)}"
    assert send("get", f"{path}/file", Range=f"bytes={len(whole)}-").status_code == 416
    assert send("delete", path).status_code == 204 and not exports.folder_of(job).exists()


def test_a_foreign_site_is_not_there(send, site, owner):
    from accounts.actions import do_create_owner, do_create_site

    other = do_create_owner("eve@example.com", "correct horse battery", "Eve")
    foreign = do_create_site(other.teams.get(), "eve.example").site
    for kind in ("goals", "segments", "defined-events", "annotations", "spend", "exports"):
        assert send("get", f"sites/{foreign.pk}/{kind}").status_code == 404
        assert send("post", f"sites/{foreign.pk}/{kind}", {}).status_code == 404
