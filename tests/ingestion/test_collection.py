"""What a site's owner lets in: schemas, shields, consent, sampling, limits. Each by the front door, each counted."""

import hashlib
import json
import time

import pytest
import zstandard

from accounts.actions import do_create_site
from accounts.models import Consent, EventSchema
from analytics.clickhouse import client
from ingestion import outcomes
from ingestion.catalogue import CATALOGUE
from ingestion.sites import known
from tests.conftest import event


@pytest.fixture
def collect(site):
    """`collect(blocked_paths=["/x"])`: what the settings page saves, in force at once."""

    def save(**fields):
        for name, value in fields.items():
            setattr(site.collection, name, value)
        site.collection.save()
        known.refresh()

    known.refresh()
    return save


@pytest.fixture
def send(site, post):
    """`send(event, …)`: the answer to one request of a browser."""

    def go(*events, secret="", **more):
        head = {name: more.pop(name) for name in ("consent", "tracker") if name in more}
        answer = post({"site": site.site_key, "events": list(events), **head}, secret=secret, **more)
        assert answer.status == 202, answer.body
        return answer.json()

    return go


def counted(site):
    outcomes.do_flush_outcomes()
    rows = client.read(
        "SELECT outcome, reason, sum(n) FROM (SELECT minute, outcome, reason, max(events) AS n FROM ingest_outcomes"
        " WHERE site_id = {site:UInt32} GROUP BY minute, outcome, reason) GROUP BY outcome, reason", {"site": site.pk}, "test",
    )  # fmt: skip
    return {f"{outcome}|{reason}": number for outcome, reason, number in rows}


def with_properties(kind, **properties):
    return event(kind=kind, event_properties=properties)


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("scroll", {"scroll_depth": "40", "scroll_velocity": 12.5}, {"scroll_depth": 40, "scroll_velocity": 12.5}),
        ("click", {"position": {"x": 3.0, "y": "4"}}, {"position": {"x": 3, "y": 4}}),
        ("click", {"element": {"id": 7, "tag": None}, "mine": [1]}, {"element": {"id": "7"}, "mine": [1]}),
        ("input_change", {"has_value": "true"}, {"has_value": True}),
        ("purchase", {"revenue": "9.90", "currency": "EUR"}, {"revenue": "9.90", "currency": "EUR"}),
        ("purchase", {"revenue": 9.9}, {"revenue": 9.9}),
        ("my own", {"scroll_depth": "deep"}, {"scroll_depth": "deep"}),
    ],
)
def test_types_are_mended_where_nothing_is_lost(kind, given, kept, site, send, drain, stored):
    assert send(with_properties(kind, **given)) == {"accepted": 1, "duplicate": 0, "rejected": []}
    drain()
    [row] = stored("event_properties")
    assert json.loads(json.dumps(row["event_properties"])) == kept


@pytest.mark.parametrize(
    ("kind", "given", "field", "reason"),
    [
        ("scroll", {"scroll_depth": "deep"}, "event_properties.scroll_depth", 'expected number, got "deep"'),
        ("click", {"position": {"x": 3.5}}, "event_properties.position.x", "expected integer, got 3.5"),
        ("click", {"position": [1]}, "event_properties.position", "expected object, got a list"),
        ("search", {"results_count": "1e3"}, "event_properties.results_count", 'expected integer, got "1e3"'),
        ("form_start", {"fields": "name"}, "event_properties.fields", 'expected array, got "name"'),
    ],
)
def test_a_rejection_says_field_expected_and_got(kind, given, field, reason, site, send, drain, stored):
    assert send(with_properties(kind, **given))["rejected"] == [{"index": 0, "field": field, "reason": reason}]
    drain()
    assert stored("event_id") == []
    [row] = stored("reason", "field", "payload", table="rejected_events", order="received_at")
    assert (
        row["reason"] == "bad_property" and row["field"] == field and json.loads(row["payload"])["event_type"] == kind
    )


def test_a_version_newer_than_the_server_is_kept_unchecked(site, send, drain, stored):
    assert send(event(kind="scroll", event_version="9", event_properties={"scroll_depth": {"top": 1}}))["accepted"] == 1
    assert send(event(kind="scroll", event_version="1.0", event_properties={"scroll_depth": {"top": 1}}))["rejected"]


@pytest.mark.parametrize(
    ("mode", "properties", "reason"),
    [
        ("strict", {"plan": "pro"}, None),
        ("strict", {"plan": "pro", "seats": "5"}, None),
        ("strict", {"plan": "pro", "more": 1}, "unknown_property"),
        ("strict", {"seats": 5}, "missing_property"),
        ("strict", {"plan": "gold"}, "bad_property"),
        ("lenient", {"plan": "pro", "more": 1}, None),
        ("lenient", None, "missing_property"),
        ("off", {"seats": "many"}, None),
    ],
)
def test_a_site_has_types_of_its_own(mode, properties, reason, site, send, collect):
    schema = {
        "type": "object", "required": ["plan"],
        "properties": {"plan": {"enum": ["free", "pro"]}, "seats": {"type": "integer", "minimum": 1}},
    }  # fmt: skip
    EventSchema.objects.create(site=site, event_type="upgrade", mode=mode, schema=schema)
    collect()
    answer = send(event(kind="upgrade", event_properties=properties))
    assert answer["accepted"] == (reason is None)
    assert counted(site) == {f"rejected|{reason}" if reason else "stored|": 1}


def test_every_catalogued_type_is_a_schema_that_an_event_fits(site, send, client_in):
    listed = client_in.get("/api/v1/event-types/").json()
    assert {item["event_type"] for item in listed["event_types"]} == set(CATALOGUE)
    import jsonschema_rs

    for item in listed["event_types"]:
        schema = client_in.get(item["schema"]).json()
        assert jsonschema_rs.is_valid(schema, event(kind=item["event_type"])), item
        assert not jsonschema_rs.is_valid(schema, event(kind="other")), item
    assert client_in.get("/api/v1/event-types/unheard").status_code == 404


@pytest.mark.parametrize(
    ("shield", "sent", "reason"),
    [
        ({"hostnames": ["shop.example", "*.shop.example"]}, {"url": "https://www.shop.example/"}, None),
        ({"hostnames": ["shop.example"]}, {"url": "https://evil.example/"}, "blocked_hostname"),
        ({"blocked_paths": ["/admin/**"]}, {"url": "https://shop.example/admin/a/b?c"}, "blocked_path"),
        ({"blocked_paths": ["/a/*/c"]}, {"url": "https://shop.example/a/b/c"}, "blocked_path"),
        ({"blocked_paths": ["/a/*/c"]}, {"url": "https://shop.example/a/b/b/c"}, None),
        ({"blocked_paths": ["/a.b"]}, {"url": "https://shop.example/aXb"}, None),
        ({"blocked_countries": ["DE"]}, {"geo": {"timezone": "Europe/Berlin"}}, "blocked_country"),
        ({"blocked_countries": ["DE"]}, {"geo": {"timezone": "Europe/Paris"}}, None),
        ({"blocked_networks": ["203.0.113.0/24"]}, {}, "blocked_address"),
        ({"blocked_networks": ["203.0.113.8/32", "2001:db8::/32"]}, {}, None),
    ],
)
def test_shields(shield, sent, reason, site, send, collect, drain, stored):
    collect(**shield)
    assert send(event(**sent))["accepted"] == (reason is None)
    drain()
    assert len(stored("event_id")) == (reason is None)
    assert counted(site) == {f"dropped|{reason}" if reason else "stored|": 1}


def test_an_address_behind_ipv6_is_blocked_too(site, send, collect):
    collect(blocked_networks=["203.0.113.0/24"])
    assert send(event(), address="::ffff:203.0.113.9")["accepted"] == 0


@pytest.mark.parametrize(
    ("mode", "consent", "accepted", "device"),
    [
        (Consent.REQUIRED, None, 0, None),
        (Consent.REQUIRED, "denied", 0, None),
        (Consent.REQUIRED, "granted", 1, True),
        (Consent.ANONYMOUS, None, 1, False),
        (Consent.ANONYMOUS, "granted", 1, True),
        (Consent.COOKIELESS, "denied", 1, False),
        (Consent.FULL, None, 1, True),
    ],
)
def test_consent_is_enforced_by_the_server(mode, consent, accepted, device, site, send, collect, drain, stored):
    collect(consent=mode)
    head = {"consent": consent} if consent else {}
    sent = event(device={"device_id": "d1"}, user={"user_id": "u1"})
    assert send(sent, **head)["accepted"] == accepted
    drain()
    rows = stored("device_id", "user_id")
    assert [bool(row["device_id"]) for row in rows] == ([device] if accepted else [])
    if mode == Consent.ANONYMOUS and not consent:
        assert rows[0]["user_id"] == ""


def test_traits_are_kept_by_name(site, send, collect, drain, stored):
    collect(traits=["plan"])
    identify = with_properties("identify", traits={"plan": "pro", "email": "a@b.example"}, via="form")
    send({**identify, "user": {"user_id": "u1"}})
    drain()
    [row] = stored("event_properties")
    assert row["event_properties"] == {"traits": {"plan": "pro"}, "via": "form"}


def test_a_search_is_kept_only_as_a_hash(site, send, collect, drain, stored):
    collect(search_salt="5a17")
    send(with_properties("search", query="  Red  SHOES ", results_count=3))
    drain()
    [row] = stored("event_properties")
    wanted = hashlib.sha256(b"5a17red shoes").hexdigest()[:16]
    assert row["event_properties"] == {"query_hash": wanted, "results_count": 3}


def test_user_ids_are_hashed_unless_the_owner_says_otherwise(site, send, collect, drain, stored):
    send(event(user={"user_id": "u1"}))
    collect(hash_users=False)
    send(event(user={"user_id": "u1"}))
    drain()
    hashed, plain = stored("user_id", "person_id", order="received_at")
    assert len(hashed["user_id"]) == 32 and plain["user_id"] == "u1"
    assert hashed["person_id"] == plain["person_id"], "one person, whichever way the id is kept"


def test_one_user_on_two_devices_is_one_person(site, send, drain, client_in, api_key):
    send(event(device={"device_id": "phone"}, user={"user_id": "u1"}), consent="granted")
    send(event(device={"device_id": "laptop"}), consent="granted")
    send(event(device={"device_id": "laptop"}, user={"user_id": "u1"}, kind="identify"), consent="granted")
    drain()
    body = {"metrics": ["visitors", "users", "sessions"], "date_range": "7d"}
    answer = client_in.post(
        f"/api/v1/sites/{site.pk}/query",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {api_key}"},
    ).json()
    assert answer["totals"] == [1, 1, 2]


def test_ndjson_and_zstd(site, post, new_site, drain, stored):
    lines = "\n".join([json.dumps(event()), "{not json", "", json.dumps(event())]).encode()
    kind = {"CONTENT_TYPE": "application/x-ndjson", "QUERY_STRING": f"site={site.site_key}"}
    answer = post(lines, headers=kind).json()
    assert answer["accepted"] == 2 and [item["index"] for item in answer["rejected"]] == [1]
    assert post(lines, headers={"CONTENT_TYPE": "application/x-ndjson"}).status == 401
    by_secret = post(lines, secret=new_site.ingest_secret, headers={"CONTENT_TYPE": "application/x-ndjson"})
    assert by_secret.json()["duplicate"] == 2, "the secret names the site"

    packed = zstandard.compress(json.dumps({"site": site.site_key, "events": [event()]}).encode())
    assert post(packed, headers={"HTTP_CONTENT_ENCODING": "zstd"}).json()["accepted"] == 1
    bomb = zstandard.compress(b" " * 50_000_000)
    assert post(bomb, headers={"HTTP_CONTENT_ENCODING": "zstd"}).status == 413
    assert post(b"no", headers={"HTTP_CONTENT_ENCODING": "zstd"}).status == 400
    drain()
    assert len(stored("event_id")) == 3


def calm_minute():
    """Limits count by the minute: not one that is about to end."""
    if time.time() % 60 > 57:
        time.sleep(60.1 - time.time() % 60)


def test_limits(site, post, collect, new_site):
    calm_minute()
    collect(limit_address=10)
    body = {"site": site.site_key, "events": [event() for _ in range(5)]}
    fresh = lambda: {**body, "events": [event() for _ in range(5)]}  # noqa: E731
    assert [post(fresh(), address="10.0.0.1").status for _ in range(3)] == [202, 202, 429]
    refused = post(fresh(), address="10.0.0.1")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60 and refused.json()["error"]["code"] == "too_many_requests"
    assert post(fresh(), address="10.0.0.2").status == 202, "each address has its own"
    assert post(fresh(), address="10.0.0.1", secret=new_site.ingest_secret).status == 202, "a server's events have none"

    calm_minute()
    collect(limit_address=0, limit_site=8)
    assert {post(fresh(), address="10.0.0.3").status for _ in range(5)} == {202, 429}


def test_without_limits_of_its_own_only_public_addresses_have_one(site, collect, monkeypatch):
    from ingestion import limits

    config = known.find(site.site_key, None, time.time())
    assert limits.meters_of(config, b"salt", "192.168.1.5", False) == {}
    assert list(limits.meters_of(config, b"salt", "8.8.8.8", False).values()) == [6000]
    [meter] = limits.meters_of(config, b"salt", "8.8.8.8", False)
    assert "8.8.8.8" not in meter


def test_a_site_is_known_in_the_moment_in_which_it_is_made(owner, site, monkeypatch):
    from ingestion import sites

    known.refresh()  # by another process's clock this was just now
    for n in range(3):
        made = do_create_site(owner.teams.get(), f"new{n}.example").site
        assert known.find(made.site_key, None, time.time()).id == made.pk
    reads = []
    monkeypatch.setattr(sites, "site_configurations", lambda: reads.append(1) or [])
    for n in range(100):
        assert known.find(f"no such key {n}", None, time.time()) is None
    assert len(reads) <= sites.MISSES + 1, "who hammers does not reach the database each time"


def test_odd_headers_at_an_inhuman_rate_are_a_bot(site, post, collect, drain, stored):
    calm_minute()
    collect(limit_address=100_000)
    bare = {"HTTP_ACCEPT_LANGUAGE": ""}
    full = {"HTTP_ACCEPT": "*/*", "HTTP_ACCEPT_ENCODING": "gzip", "HTTP_ORIGIN": "https://shop.example"}
    for address, headers in (("10.0.0.4", bare), ("10.0.0.5", full)):
        batch = lambda: {"site": site.site_key, "events": [event() for _ in range(200)]}  # noqa: E731
        assert [post(batch(), address=address, headers=headers).json()["accepted"] for _ in range(2)] == [200, 200]
        later = post({"site": site.site_key, "events": [event()]}, address=address, headers=headers).json()
        assert later["accepted"] == (1 if headers is full else 0)
    drain()
    assert [row["reason"] for row in stored("reason", table="bot_events", order="received_at")] == ["suspicious"]
