import io
import json
import zipfile
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from accounts.audit_models import AuditEntry
from analytics.clickhouse import client
from analytics.privacy import archive, ledger
from analytics.privacy.models import PrivacyRequest
from analytics.privacy.reach import Reach
from analytics.privacy.registry import STORAGES
from analytics.privacy.stores import tables
from analytics.privacy.subject import check_subject, device_hash
from analytics.queries import attribution, calendar, funnel, paths, retention, trends
from analytics.queries import query as core
from analytics.queries.cache import results
from analytics.queries.people import Scope, Selector
from analytics.queries.query import Query
from ingestion import buffer
from tests.conftest import event
from tests.privacy.conftest import DEVICE, PERSON, SESSION, count, user_id

pytestmark = pytest.mark.django_db
METRICS = ("visitors", "users", "sessions", "pageviews", "events", "bounce_rate", "session_duration", "revenue", "errors",
           "views_per_session", "time_on_page", "scroll_depth")  # fmt: skip


def figures(site):
    results.clear()
    now = datetime.now(UTC)
    period = calendar.get_period("30d", ZoneInfo("UTC"), now)
    scope, wanted = Scope(site.pk, period), ("page_view", "click", "purchase")
    analyses = {
        "funnel": funnel.run(funnel.Funnel(scope, tuple(map(Selector, wanted)))),
        "retention": retention.run(retention.Retention(scope), now),
        "paths": paths.run(paths.Paths(scope)),
        "trends": trends.run(
            trends.Trends(scope, tuple(trends.Series(Selector(kind), "people") for kind in wanted)), now
        ),
        "attribution": attribution.run(attribution.Attribution(scope)),
    }
    return analyses | {
        dimension: (found.totals, found.rows)
        for dimension in ("", "day", "path", "country", "entry_page")
        for found in [core.run(Query(site.pk, period, METRICS, (dimension,) if dimension else (), limit=1000), now)]
    }  # fmt: skip


def derived(site):
    """What the tables made from events say of a site, in all their columns."""
    return [
        client.read(f"SELECT {columns} FROM {table} WHERE site_id = {site.pk} GROUP BY {keys} ORDER BY {keys}", {}, "test")
        for table, keys, columns in (
            ("sessions", "session_start, session_id",
             "session_start, session_id, min(start), max(end), max(visitor_id), max(user_person), sum(pageviews), sum(interactions),"
             " sum(events), sum(errors), sum(engaged_ms), argMinIfMerge(entry_page), argMaxIfMerge(exit_page), max(source)"),
            ("visits", "bucket, session_id, person_id, is_user, is_known, dims",
             "bucket, session_id, person_id, is_user, is_known, dims, sum(pageviews), sum(events), sum(errors), any(country), sumMap(types)"),
            ("traffic_15m", "bucket", "bucket, sum(pageviews), sum(events), sum(identified), uniqExactMerge(visitors)"),
            ("events_recent", "timestamp, session_id, path", "timestamp, session_id, path, count()"),
        )
    ]  # fmt: skip


def test_a_person_goes_and_everyone_elses_figures_stay(site, twin, histories, ask):
    before = figures(twin)
    assert figures(site) != before
    job = ask("erasure")
    assert job.state == "done", (job.error, job.steps)
    assert figures(twin) == before and figures(site) == before
    assert derived(site) == derived(twin)
    assert count(f"events WHERE site_id = {site.pk} AND person_id = {user_id(site)['person_id']}") == 0
    assert count(f"events WHERE site_id = {site.pk} AND session_id IN ({SESSION + 4}, {SESSION + 5})") == 2, (
        "others' on a shared device"
    )
    assert job.find_step("erase:events")["found"] == len(histories) == 8
    assert job.subject == "" and count("privacy_reach") == 0


def test_nothing_of_it_stays_on_the_disk(site, twin, histories, ask):
    assert ask("erasure").state == "done"
    names = [place[6:] for one in STORAGES.values() for place in one.covers if place.startswith("table:")]
    left = client.command(
        "SELECT table, name FROM system.parts WHERE database = currentDatabase() AND NOT active"
        " AND has({names:Array(String)}, table) AND rows > 0",
        {"names": [*names, "privacy_reach"]},
    )  # fmt: skip
    assert left == []
    person, session = user_id(site)["person_id"], SESSION + 1
    told = client.command("SELECT command FROM system.mutations WHERE database = currentDatabase()", {})
    assert told and not [text for (text,) in told if str(person) in text or str(session) in text], (
        "ids in a mutation's text"
    )
    settings = client.read("SELECT create_table_query FROM system.tables WHERE name = 'events'", {}, "test")[0][0]
    assert "old_parts_lifetime" not in settings


def test_a_device_goes_with_all_that_happened_on_it(site, twin, histories, ask):
    job = ask("erasure", "device", DEVICE)
    assert job.state == "done", job.error
    device = device_hash(site.pk, DEVICE)
    assert count(f"events WHERE visitor_id = {device}") == 0
    assert count(f"events WHERE site_id = {site.pk} AND person_id = {user_id(site)['person_id']}") == 2, (
        "on other devices"
    )
    assert job.find_step("erase:events")["found"] == 5


@pytest.fixture
def planted(site, new_site, post, drain, owner, settings, call_export):
    """Nina in every storage, by the front door: stored, queued, rejected, a bot, in a cohort, in an export, in notes."""
    from analytics.saved import cohorts
    from analytics.saved.models import Annotation, Segment, View

    body = {
        "site": site.site_key,
        "events": [event(user={"user_id": PERSON}, device={"device_id": DEVICE}) for _ in range(3)],
    }
    assert post(body, new_site.ingest_secret).json()["accepted"] == 3
    bad = event(user={"user_id": PERSON}, device={"device_id": DEVICE}) | {"event_id": "no uuid"}
    post({"site": site.site_key, "events": [bad]}, new_site.ingest_secret)
    post({"site": site.site_key, "events": [event(device={"device_id": DEVICE})]}, agent="Googlebot/2.1")
    post(
        {"site": site.site_key, "events": [event("https://shop.example/b", user={"user_id": "bob"})]},
        new_site.ingest_secret,
    )
    drain()
    cohort = Segment.objects.create(site=site, name="All", kind="static", filters=[["did", {"times": 1}]], days=7)
    cohorts.do_calculate(cohort)
    Segment.objects.create(site=site, name="Her", filters=[["is", "props.mail", [PERSON]]])
    Annotation.objects.create(site=site, text=f"Called {PERSON}, all is well")
    View.objects.create(
        site=site, user=owner, name="x", page="executive", query=f"f=is:props.mail:{PERSON.replace('@', '%40')}&p=7d"
    )
    job = call_export("events", "csv")
    post(
        {"site": site.site_key, "events": [event(user={"user_id": PERSON}), event("https://shop.example/c")]},
        new_site.ingest_secret,
    )
    return cohort, job


@pytest.fixture
def call_export(site, owner):
    from analytics.saved import exports

    def make(kind, form):
        period = calendar.get_period("7d", ZoneInfo("UTC"), datetime.now(UTC))
        job = exports.do_request(site, owner, kind, period, form)
        exports.do_run(job.pk)
        assert exports.path_of(job).exists()
        return job

    return make


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_an_export_that_holds_the_person_is_deleted_and_others_stay(site, new_site, planted, ask, call_export, form):
    from analytics.saved import exports

    job = call_export("people", form)
    assert ask("erasure").state == "done"
    assert not exports.folder_of(job).exists() and not exports.folder_of(planted[1]).exists()
    clean = call_export("people", form)
    assert ask("erasure").find_step("erase:exports")["found"] == 0 and exports.path_of(clean).exists()


def test_a_planted_person_is_erased_everywhere(site, planted, ask, settings, drain):
    from analytics.saved.models import Annotation, Segment, View

    cohort, _ = planted
    subject = check_subject(site, "user", PERSON)
    job = ask("erasure")
    assert job.state == "done", (job.error, job.steps)
    found = {step["name"].removeprefix("erase:"): step["found"] for step in job.steps}
    for name in (
        "events",
        "sessions",
        "visits",
        "traffic_15m",
        "events_recent",
        "cohorts",
        "rejected_events",
        "exports",
        "saved",
        "live_sessions",
    ):
        assert found[name] > 0, name
    assert not any(step["left"] for step in job.steps)
    reach = Reach(10**6, subject)
    reach.resolve()
    assert {name: storage.find(reach) for name, storage in STORAGES.items() if storage.find(reach)} == {}
    assert count("events WHERE path = '/b'") == 1 and count("events WHERE path = '/c'") == 1, (
        "others were queued with her"
    )
    cohort.refresh_from_db()
    assert cohort.people == 1
    assert Annotation.objects.get().text == "Called [erased], all is well"
    assert Segment.objects.get(name="Her").filters == [["is", "props.mail", ["[erased]"]]]
    assert View.objects.get().query == "f=is:props.mail:[erased]&p=7d"
    holding = [
        path for path in settings.DATA_DIR.rglob("*")
        if path.is_file() and "clickhouse" not in path.parts and PERSON.encode() in path.read_bytes()
    ]  # fmt: skip
    assert holding == []
    for key in buffer.connection().keys("*"):
        assert PERSON.encode() not in key
    told = AuditEntry.objects.get(action="privacy_request_done")
    assert told.target == str(job) and json.loads(told.changes)["after"]["events"] == found["events"]
    for text in (json.dumps(job.receipt), told.changes, told.target):
        assert str(subject.persons.copy().pop()) not in text and PERSON not in text


def test_an_export_holds_everything_and_can_be_read(site, planted, ask):
    job = ask("export")
    assert job.state == "done" and job.receipt is None
    with zipfile.ZipFile(archive.path_of(job)) as pack:
        names = set(pack.namelist())
        events = json.loads(pack.read("events.json"))
        told = pack.read("README.txt").decode()
        assert PERSON in json.loads(pack.read("rejected_events.json"))[0]["payload"]
    assert {"events.json", "sessions.json", "cohorts.json", "rejected_events.json", "saved.json", "README.txt"} <= names
    assert len(events) == 4 and events[0]["path"] == "/" and "shop.example" in told and "events.json" in told
    erased = ask("erasure")
    assert erased.find_step("erase:archives")["found"] == 1 and not archive.path_of(job).exists()
    job.refresh_from_db()
    assert job.subject == ""


@pytest.mark.parametrize(
    ("asked", "erased"), [(("device", DEVICE), ("user", PERSON)), (("user", PERSON), ("device", DEVICE))]
)
def test_an_archive_goes_by_whichever_id_it_was_asked_for(site, planted, ask, asked, erased):
    hers, others = ask("export", *asked), ask("export", "user", "bob")
    job = ask("erasure", *erased)
    assert job.state == "done" and job.find_step("erase:archives")["found"] == 1
    assert not archive.path_of(hers).exists() and archive.path_of(others).exists()


@pytest.mark.parametrize("name", ["auth0|4711", "tenant:7/4711", "nina@example.com", "Nina Bérg", r"corp\nina"])
def test_an_id_with_any_signs_in_it_goes_from_what_people_saved(site, client_in, ask, name):
    from analytics.saved.models import Annotation, Segment, View

    kept = "is,props.member,auth0|other"
    clause = f"is,props.member,x|{name.replace('|', chr(92) + '|')}|y"
    query = urlencode([("p", "7d"), ("f", clause), ("f", kept)])
    client_in.post(f"/sites/{site.pk}/views/save", {"page": "executive", "name": f"About {name}", "query": query})
    client_in.post(f"/sites/{site.pk}/segments/save", {"name": f"({name})", "back": "executive", "f": clause})
    note = {
        "moment": "2026-01-01T10:00",
        "text": f"Called {name}, then '{name}'. Not auth0|other: {name}! _{name}_ {name}\u2019s",
    }
    client_in.post(f"/sites/{site.pk}/settings/annotations", note)
    job = ask("erasure", "user", name)
    assert job.state == "done" and job.find_step("erase:saved")["found"] == 3, (job.error, job.steps)
    view, segment = View.objects.get(), Segment.objects.get()
    assert (
        Annotation.objects.get().text
        == "Called [erased], then '[erased]'. Not auth0|other: [erased]! _[erased]_ [erased]\u2019s"
    )
    assert (view.name, segment.name) == ("About [erased]", "([erased])")
    assert segment.filters == [["is", "props.member", ["x", "[erased]", "y"]]]
    assert parse_qs(view.query) == {"p": ["7d"], "f": ["is,props.member,x|[erased]|y", kept]}


@pytest.mark.parametrize("where", ["erase:events", "erase:sessions", "erase:traffic_15m", "verify", "disk"])
def test_a_worker_that_is_killed_is_followed_by_another(site, twin, histories, owner, monkeypatch, where):
    """Killed right after the work of a step, before it is noted; and in the middle of making a rollup anew."""
    before = figures(twin)
    job = ledger.do_request(site, owner, "erasure", "user", check_subject(site, "user", PERSON))
    real = ledger.do_step

    class Killed(BaseException):
        pass

    def step(job, reach, step):
        if step["name"] == where:
            if where == "erase:sessions":
                tables.delete(reach, "sessions", tables.BY_SESSION)
            else:
                real(job, reach, step)
            raise Killed
        real(job, reach, step)

    with monkeypatch.context() as broken:
        broken.setattr(ledger, "do_step", step)
        with pytest.raises(Killed):
            ledger.do_work(job.pk)
    ledger.do_resume()
    job.refresh_from_db()
    assert job.state == "done", (job.error, job.steps)
    assert figures(site) == before and derived(site) == derived(twin)
    assert job.find_step("erase:events")["found"] == 8


def test_the_receipt_can_be_verified_and_not_altered(site, planted, ask, tmp_path):
    job = ask("erasure")
    path, said = tmp_path / "receipt.json", io.StringIO()
    path.write_text(json.dumps(job.receipt))
    call_command("verifyreceipt", str(path), stdout=said)
    assert "Genuine" in said.getvalue() and str(job.number) in said.getvalue()
    path.write_text(json.dumps(job.receipt).replace("shop.example", "else.example"))
    with pytest.raises(CommandError, match="changed"):
        call_command("verifyreceipt", str(path))


def test_a_cookieless_visitor_is_found_by_the_token_of_their_browser(site, post, drain, ask):
    from django.test import Client

    from tests.conftest import CHROME

    post({"site": site.site_key, "events": [event()]})
    post({"site": site.site_key, "events": [event()]}, address="203.0.113.77")
    drain()
    made = Client().post(
        "/api/v1/events/token", f"{site.site_key}undefined", content_type="text/plain",
        REMOTE_ADDR="203.0.113.9", HTTP_USER_AGENT=CHROME,
    )  # fmt: skip
    assert made.status_code == 200 and made["Access-Control-Allow-Origin"] == "*"
    token = made.content.decode()
    assert ask("erasure", "token", token).find_step("erase:events")["found"] == 1
    assert count("events") == 1
    assert PrivacyRequest.objects.get().named_by == "token"


def test_a_doubt_about_their_sessions_goes_as_well(site, new_site, post, drain, ask):
    """Late events of theirs had made the writer want to cut their sessions again."""
    from ingestion import buffer, recut

    post({"site": site.site_key, "events": [event(device={"device_id": DEVICE})]}, new_site.ingest_secret)
    drain()
    recut.note(0, {(site.pk, device_hash(site.pk, DEVICE)): (1, 2), (site.pk, 5): (1, 2)})
    job = ask("erasure", "device", DEVICE)
    assert job.state == "done", job.error
    assert buffer.connection().hkeys(recut.doubts_key(0)) == [f"{site.pk}:5".encode()]


def test_a_token_is_one_sites_and_not_to_be_forged(site, twin):
    from analytics.privacy.subject import BadSubject, make_token

    token = make_token(site.pk, DEVICE, {5})
    assert check_subject(site, "token", token).devices == {device_hash(site.pk, DEVICE)}
    for bad_site, bad in ((twin, token), (site, token[:-2] + "xx"), (site, "x"), (site, "")):
        with pytest.raises(BadSubject):
            check_subject(bad_site, "token", bad)


def test_an_end_that_fails_is_repeated(site, owner, stores, monkeypatch):
    """The subject is not forgotten before all is noted: without it nobody could go on."""
    job = ledger.do_request(site, owner, "erasure", "user", check_subject(site, "user", PERSON))

    def full(*about, **more):
        raise OSError("No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(ledger, "do_record", full)
        ledger.do_work(job.pk)
    job.refresh_from_db()
    assert (job.state, job.receipt) == ("running", None) and job.subject and "No space left" in job.error
    ledger.do_resume()
    job.refresh_from_db()
    assert job.state == "done" and job.receipt and not job.subject
