"""The contract of POST /api/v1/events, by the front door."""

import gzip
import json
import uuid

import pytest

from tests.conftest import event

pytestmark = pytest.mark.django_db


def body(site, *events, **more):
    return {"site": site.site_key, "events": list(events) or [event()], **more}


def test_accepts_and_stores(site, post, drain, stored):
    sent = event("https://shop.example/a?utm_source=news&secret=1#x", title="A", event_properties={"k": {"n": 1}})
    answer = post(body(site, sent))
    assert (answer.status, answer.json()) == (202, {"accepted": 1, "duplicate": 0, "rejected": []})
    assert drain() == 1
    (row,) = stored("site_id", "event_id", "path", "title", "browser", "country", "language", "interactive", "url")
    assert row["site_id"] == site.pk and str(row["event_id"]) == sent["event_id"]
    assert (row["path"], row["title"], row["browser"], row["language"]) == ("/a", "A", "Chrome", "de-DE")
    assert row["interactive"] and "secret" not in row["url"]
    (found,) = stored("toString(event_properties.k.n)")
    assert list(found.values()) == ["1"]


def test_duplicates_count_once(site, post, drain, stored):
    sent = event()
    assert post(body(site, sent, sent)).json() == {"accepted": 1, "duplicate": 1, "rejected": []}
    drain()
    assert post(body(site, sent)).json() == {"accepted": 0, "duplicate": 1, "rejected": []}
    drain()
    assert len(stored("event_id")) == 1


def test_each_rejection_names_its_field(site, post):
    bad = [
        {"event_type": "page_view"},
        {"event_type": "page_view", "page": {"url": 7}},
        {"page": {"url": "https://shop.example/"}},
        event(kind="x" * 65),
        event(url="javascript:alert(1)"),
        event() | {"event_id": "no"},
        event(event_timestamp="yesterday"),
        event(event_timestamp="2020-01-01T00:00:00Z"),
        event(event_properties={"revenue": "free"}, kind="purchase"),
        event(event_properties={"revenue": "1", "currency": "EURO"}, kind="purchase"),
        event(event_properties={"a": "x" * 40_000}),
        event(event_properties=[1]),
        "text",
    ]
    answer = post(body(site, *bad, event()))
    assert answer.status == 202 and answer.json()["accepted"] == 1
    assert [(r["index"], r["field"]) for r in answer.json()["rejected"]] == [
        (0, "page"), (1, "page.url"), (2, "event_type"), (3, "event_type"), (4, "page.url"), (5, "event_id"),
        (6, "event_timestamp"), (7, "event_timestamp"), (8, "event_properties.revenue"),
        (9, "event_properties.currency"), (10, "event_properties"), (11, "event_properties"), (12, "event"),
    ]  # fmt: skip
    assert all(len(r["reason"]) > 10 for r in answer.json()["rejected"])


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"{", 400, "not_json"),
        (b"[]", 400, "bad_shape"),
        (b'{"site": "x"}', 400, "bad_shape"),
        (b'{"site": "x", "events": {}}', 400, "bad_shape"),
        (b'{"site": "x", "events": []}', 401, "unknown_key"),
        (json.dumps({"site": "x", "events": [1] * 1001}).encode(), 413, "too_many_events"),
        (b"x" * (1024 * 1024 + 1), 413, "too_large"),
        (b"\xff\xfe{", 400, "not_json"),
        (b"[" * 5000, 400, "bad_shape"),
    ],
)
def test_what_is_wrong_with_the_whole_request(site, post, raw, status, code):
    answer = post(raw)
    assert (answer.status, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_gzip_and_its_bombs(site, post):
    packed = gzip.compress(json.dumps(body(site)).encode())
    headers = {"HTTP_CONTENT_ENCODING": "gzip"}
    assert post(packed, headers=headers).status == 202
    assert post(gzip.compress(b"0" * 50_000_000), headers=headers).status == 413
    assert post(packed[:-9], headers=headers).status == 400
    assert post(b"plain", headers=headers).status == 400
    assert post(b"x", headers={"HTTP_CONTENT_ENCODING": "br"}).status == 415


def test_preflight_and_other_methods(site, post):
    answer = post(b"", method="OPTIONS")
    assert answer.status == 204 and "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert post(b"", method="GET").status == 405


def test_the_secret_may_set_what_a_browser_may_not(new_site, post, drain, stored):
    sent = event(
        "https://shop.example/p", event_timestamp="2026-01-02T03:04:05.678Z", user={"user_id": "u1"},
        geo={"country": "JP", "region": "Tokyo", "city": "Tokyo"}, device={"browser": "Lynx", "device_type": "tv"},
    )  # fmt: skip
    assert post(body(new_site.site, sent)).json()["rejected"][0]["field"] == "event_timestamp"
    assert post(body(new_site.site, sent), secret="wrong").status == 401
    assert post(body(new_site.site, sent), secret=new_site.ingest_secret, agent="curl/8").json()["accepted"] == 1
    drain()
    (row,) = stored("toString(timestamp)", "country", "city", "browser", "device_type", "user_id")
    assert list(row.values())[:5] == ["2026-01-02 03:04:05.678", "JP", "Tokyo", "Lynx", "tv"]
    assert len(row["user_id"]) == 32 and row["user_id"] != "u1"


def test_a_secret_of_another_site_is_refused(new_site, owner, post):
    from accounts.actions import do_create_site

    other = do_create_site(owner.teams.get(), "other.example")
    assert post(body(new_site.site), secret=other.ingest_secret).status == 401


def test_bots_and_opt_outs_are_counted_apart(site, post, drain, stored):
    from accounts.models import Site
    from ingestion.outcomes import do_flush_outcomes
    from ingestion.sites import Snapshot, known

    Site.objects.filter(pk=site.pk).update(honour_dnt=True)
    known._snapshot = Snapshot()
    sends = [
        {"agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"agent": ""},
        {"headers": {"HTTP_DNT": "1"}},
        {"headers": {"HTTP_SEC_GPC": "1"}},
    ]
    for options in sends:
        assert post(body(site), **options).json() == {"accepted": 0, "duplicate": 0, "rejected": []}
    post(body(site, automation=True))
    twice = event()
    post(body(site, event(), twice, twice, {"event_type": 1}))
    drain()
    do_flush_outcomes()
    do_flush_outcomes()
    counts = {(r["outcome"], r["reason"]): r["sum(events)"] for r in stored(
        "outcome", "reason", "sum(events)", table="ingest_outcomes GROUP BY outcome, reason", order="outcome")}  # fmt: skip
    assert counts == {
        ("bot", "bot_user_agent"): 1, ("bot", "no_user_agent"): 1, ("bot", "automation"): 1,
        ("dropped", "do_not_track"): 1, ("dropped", "global_privacy_control"): 1,
        ("stored", ""): 2, ("duplicate", ""): 1, ("rejected", "not_an_event"): 1,
    }  # fmt: skip
    assert [r["reason"] for r in stored("reason", table="bot_events", order="received_at")] == [
        "bot_user_agent", "no_user_agent", "automation"]  # fmt: skip
    assert stored("field", table="rejected_events", order="received_at") == [{"field": "event_type"}]


@pytest.mark.parametrize(
    ("agent", "url", "accepted"),
    [
        ("Mozilla/5.0 HeadlessChrome/140.0", "https://shop.example/", 0),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/140.0", "http://localhost:8080/", 1),  # a developer's own test
        ("Mozilla/5.0 (compatible; bingbot/2.0)", "http://localhost/", 0),
        ("python-requests/2.32", "https://shop.example/", 1),  # a program that means it
        ("curl/8.5.0", "https://shop.example/", 1),
        ("Python-urllib/3.11", "https://shop.example/", 1),
        ("python-httpx/0.28.1", "https://shop.example/", 1),
        ("Go-http-client/1.1", "https://shop.example/", 1),
        ("Java/17.0.2", "https://shop.example/", 1),
    ],
)
def test_who_is_a_bot(site, post, agent, url, accepted):
    assert post(body(site, event(url)), agent=agent).json()["accepted"] == accepted


def test_no_address_goes_past_the_endpoint(site, post):
    from ingestion import buffer

    post(body(site, event(), {"event_type": 1}), address="198.51.100.77")
    post(body(site), agent="Googlebot/2.1", address="198.51.100.77")
    store = buffer.connection()
    for key in store.keys("*"):
        assert b"198.51.100.77" not in (store.dump(key) or b"")
        if store.type(key) == b"stream":
            assert b"198.51.100.77" not in repr(store.xrange(key)).encode()


def test_the_client_behind_trusted_proxies(monkeypatch):
    from ipaddress import ip_network

    from accounts import address

    assert address.resolve("10.0.0.1", "203.0.113.5") == "10.0.0.1"  # nobody is trusted
    monkeypatch.setattr(address, "_trusted", [ip_network("10.0.0.0/8")])
    assert address.resolve("10.0.0.1", "203.0.113.5") == "203.0.113.5"
    assert address.resolve("10.0.0.1", "6.6.6.6, 203.0.113.5, 10.0.0.2") == "203.0.113.5"
    assert address.resolve("203.0.113.9", "6.6.6.6") == "203.0.113.9"
    assert address.resolve("10.0.0.1", "") == "10.0.0.1"


def test_a_wrong_clock_is_set_right(site, post, drain, stored):
    import time

    ahead = int(time.time() * 1000) + 7_200_000
    post(body(site, event(event_timestamp=ahead - 60_000), sent_at=ahead))
    drain()
    (row,) = stored("toUnixTimestamp(timestamp)")
    assert abs(next(iter(row.values())) - (time.time() - 60)) < 5


def test_a_buffer_that_is_away_answers_503(site, post, monkeypatch):
    import redis

    from ingestion import buffer

    with monkeypatch.context() as away:
        away.setattr(buffer, "connection", lambda: redis.Redis(unix_socket_path="/nonexistent", retry=None))
        answer = post(body(site))
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")


def test_hostile_text_is_stored_as_it_is(site, post, drain, stored):
    nasty = "\ud800\x00'; DROP TABLE events; --<script>alert(1)</script>\u202e"
    raw = json.dumps(body(site, event(title=nasty, event_properties={"a.b": 1, "a": {"b": 2}, nasty: nasty}))).encode()
    answer = post(raw)
    assert answer.status == 202
    drain()
    (row,) = stored("title")
    assert row["title"].endswith("'; DROP TABLE events; --<script>alert(1)</script>\u202e")


def test_odd_numbers_do_not_hold_up_the_batch(site, post, drain, stored):
    raw = json.dumps(body(site, event(), event(), event())).replace('"referrer": ""}', '"referrer": ""}', 1)
    for text in ("1e400", "123456789012345678901234567890", "-0.0", "1E-400", "[]", "[[], {}]", '{"": {"": 1}}'):
        one = json.dumps(body(site, event(event_id=str(uuid.uuid4())))).replace(
            '"event_type"', f'"event_properties": {{"x": {text}}}, "event_type"'
        )
        assert post(one.encode()).status == 202, text
    post(raw.encode())
    drain()
    assert len(stored("event_id")) + len(stored("payload", table="rejected_events", order="received_at")) == 10


def test_unknown_fields_are_kept_among_the_properties(site, post, drain, stored):
    sent = event(
        event_properties={"plan": "pro"}, colour="red", session={"session_start": 1, "event_index": 3, "depth": [1]}
    )
    sent["page"]["section"] = {"name": "tea"}
    wrong = {**event(), "event_properties": "no", "odd": 1}
    answer = post({"site": site.site_key, "events": [sent, wrong]}).json()
    assert answer["accepted"] == 1
    assert answer["rejected"] == [
        {"index": 1, "field": "event_properties", "reason": "Expected `object | null`, got `str`"}
    ]
    drain()
    [row] = stored("event_properties", "event_index")
    assert row["event_index"] == 3
    assert row["event_properties"] == {
        "plan": "pro", "colour": "red", "session_depth": [1], "page_section": {"name": "tea"},
    }  # fmt: skip


def test_a_dotted_name_beside_its_own_beginning_can_be_read_back(site, post, drain, stored):
    given = {"a": "x", "a.b": 1, "c.d": 2, "e": {"f": 1, "f.g": 3}, "text": "." * 30_000}
    assert post({"site": site.site_key, "events": [event(event_properties=given)]}).json()["accepted"] == 1
    drain()
    [row] = stored("event_properties")
    assert row["event_properties"] == {"a": "x", "a_b": 1, "c": {"d": 2}, "e": {"f": 1, "f_g": 3}, "text": "." * 30_000}
