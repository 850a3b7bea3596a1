"""Whatever is thrown at the endpoint: an answer of the contract's shape, no event unaccounted for, what is accepted stored.

FUZZ=long tries twenty times as much.
"""

import gzip
import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.clickhouse import client
from ingestion.catalogue import CATALOGUE
from tests.conftest import event

LONG = os.environ.get("FUZZ") == "long"
CALM = settings(
    max_examples=3000 if LONG else 150, deadline=None, derandomize=not LONG,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip

TEXT = st.text(max_size=60) | st.sampled_from(["", "\x00", "\ud800", "😀" * 30, "<script>alert(1)</script>", "'; DROP TABLE events; --",
    "../../etc/passwd", "{{7*7}}", "NaN", "-1", "1e400", "2026-11-24", "https://shop.example/", "\u202e", "a" * 5000])  # fmt: skip
NUMBER = st.integers() | st.floats() | st.sampled_from([2**63, 2**64, -(2**63) - 1, 1e308, 10**40])
LEAF = st.none() | st.booleans() | NUMBER | TEXT
JSON = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
)
PARTS = ["session", "user", "device", "page", "geo", "event_properties", "ab_test_variants"]
FIELDS = [*PARTS, "event_id", "event_type", "event_timestamp", "event_version", "unknown"]


@st.composite
def events(draw):
    """An event that is right but for a few of its fields, or nothing of the kind."""
    if draw(st.integers(0, 9)) == 0:
        return draw(JSON)
    kind = draw(st.sampled_from([*CATALOGUE, "my own"]))
    made = event(kind=kind)
    names = sorted(CATALOGUE[kind].properties) if kind in CATALOGUE else ["a"]
    made["event_properties"] = draw(st.dictionaries(st.sampled_from(names or ["a"]) | TEXT, JSON, max_size=5))
    for name in draw(st.lists(st.sampled_from(FIELDS), max_size=3)):
        if name in PARTS and draw(st.booleans()):
            made[name] = draw(
                st.dictionaries(
                    st.sampled_from(["url", "title", "user_id", "device_id", "timezone", "event_index"]), JSON
                )
            )
        else:
            made[name] = draw(JSON)
    return made


def encode(value):
    return json.dumps(value, ensure_ascii=True).encode()


def outcomes():
    from ingestion import buffer

    found = buffer.connection().hgetall(buffer.key("outcomes", "total"))
    return {name.decode().split("|")[0]: int(n) for name, n in found.items()}, sum(map(int, found.values()))


def check(answer, sent=None):
    body = answer.json()
    assert answer.status in (202, 400, 401, 405, 413, 415, 429), (answer.status, body)
    if answer.status != 202:
        assert set(body["error"]) == {"code", "message"} and body["error"]["message"]
        return 0
    assert set(body) == {"accepted", "duplicate", "rejected"}
    for item in body["rejected"]:
        assert set(item) == {"index", "field", "reason"} and item["field"] and item["reason"]
    if sent is not None:
        assert body["accepted"] + body["duplicate"] + len(body["rejected"]) <= sent
    return body["accepted"]


@pytest.mark.django_db
@pytest.mark.parametrize("trusted", [False, True])
def test_odd_events_are_all_accounted_for(site, new_site, post, drain, trusted):
    accepted = received = 0

    @CALM
    @given(st.lists(events(), max_size=5))
    def throw(thrown):
        nonlocal accepted, received
        answer = post(
            encode({"site": site.site_key, "events": thrown}), secret=new_site.ingest_secret if trusted else ""
        )
        accepted += check(answer, len(thrown))
        received += len(thrown) if answer.status == 202 else 0

    throw()
    assert accepted > 50
    assert outcomes()[1] == received, "the six sum to what was received"
    drain()
    [(stored,)] = client.read("SELECT count() FROM events", {}, "test")
    [(aside,)] = client.read("SELECT count() FROM rejected_events WHERE reason = 'not_storable'", {}, "test")
    assert (stored + aside, aside) == (accepted, 0)


@pytest.mark.django_db
def test_odd_bodies_and_headers(site, post):
    @CALM
    @given(
        st.binary(max_size=300)
        | JSON.map(encode)
        | st.tuples(JSON, JSON).map(lambda p: encode({"site": p[0], "events": p[1]})),
        st.dictionaries(
            st.sampled_from(
                [
                    "HTTP_CONTENT_ENCODING",
                    "CONTENT_TYPE",
                    "CONTENT_LENGTH",
                    "HTTP_AUTHORIZATION",
                    "QUERY_STRING",
                    "HTTP_X_FORWARDED_FOR",
                    "HTTP_USER_AGENT",
                    "HTTP_ACCEPT_LANGUAGE",
                    "REMOTE_ADDR",
                ]
            ),
            st.sampled_from(
                [
                    "gzip",
                    "zstd",
                    "br",
                    "application/x-ndjson",
                    "-1",
                    "99999999999",
                    "x",
                    "",
                    "Bearer ",
                    "site=" + site.site_key,
                    "::1, nonsense",
                    "é" * 20,
                ]
            ),
            max_size=3,
        ),
        st.booleans(),
    )
    def throw(body, headers, packed):
        check(post(gzip.compress(body) if packed else body, headers=headers))

    throw()


@pytest.mark.django_db
def test_deep_wide_and_huge(site, post):
    deep = b'{"site": "%s", "events": [%s]}' % (site.site_key.encode(), b"[" * 50_000 + b"]" * 50_000)
    wide = encode({"site": site.site_key, "events": [event(event_properties={f"k{i}": i for i in range(20_000)})]})
    nested = {}
    for _ in range(400):
        nested = {"a": nested}
    for body in (deep, wide, encode({"site": site.site_key, "events": [event(event_properties=nested)]}),
                 b"[" * 500_000, b'{"site": 1e999}', gzip.compress(b" " * 30_000_000)):  # fmt: skip
        check(post(body))
        check(post(body, headers={"HTTP_CONTENT_ENCODING": "gzip"}))
        check(post(body, headers={"CONTENT_TYPE": "application/x-ndjson", "QUERY_STRING": f"site={site.site_key}"}))


@pytest.mark.django_db
def test_hostile_texts_come_back_as_they_were(site, post, drain, stored):
    texts = [
        "<script>alert(1)</script>",
        "'; DROP TABLE events; --",
        "{{7*7}}",
        "😀 ümläut \u202e",
        "a\tb\nc",
        "%s %d {site:UInt32}",
    ]
    for text in texts:
        assert (
            post({"site": site.site_key, "events": [event(title=text, event_properties={"said": text})]}).json()[
                "accepted"
            ]
            == 1
        )
    drain()
    rows = stored("title", "event_properties.said::String", order="timestamp, title")
    assert sorted(row["title"] for row in rows) == sorted(texts)
    assert sorted(row["event_properties.said::String"] for row in rows) == sorted(texts)
