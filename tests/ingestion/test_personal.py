"""What belongs to a person is masked at the door: addresses, titles, properties; by the front door."""

import json
import time

import pytest

from ingestion import outcomes
from ingestion.enrich.personal import FINDERS, Masker, compile_rule, masker_of
from tests.conftest import event

MASKED = [
    ("Hello nina@example.com!", "Hello [email]!"), ("/u/nina%40example.co.uk/x", "/u/[email]/x"),
    ("an info@müller.de", "an [email]"), ("/u/jürgen%40m%C3%BCller.de/x", "/u/[email]/x"), ("/u/info%40example.%D1%80%D1%84", "/u/[email]"),
    ("pay 4111 1111 1111 1111 now", "pay [card] now"), ("4111-1111-1111-1111", "[card]"), ("378282246310005", "378282246310005"[:0] + "[card]"),
    ("call +49 170 1234567", "call [phone]"), ("+1 (555) 234-5678", "[phone]"), ("(555) 234-5678", "[phone]"), ("0044 20 7946 0958", "[phone]"),
    ("SSN 078-05-1120", "SSN [id]"), ("CPF 111.444.777-35", "CPF [id]"), ("NI AB 12 34 56 C", "NI [id]"), ("RSSMRA85T10A562S", "[id]"),
    ("IBAN DE89 3704 0044 0532 0130 00.", "IBAN [id]."),
    ("tel +49\u00a030\u00a01234567", "tel [phone]"), ("4111\u00a01111\u00a01111\u00a01111", "[card]"), ("joe\uff20x.example", "[email]"),
    ("joe@x\u3002example", "[email]"), ("jo\u200be@x.example", "[email]"), ("/u/joe%2540x.example", "/u/[email]"), ("joe&#64;x.example", "[email]"),
    ("sk" + "_live_" + "abc" * 8, "[token]"), ("Bearer " + "abc" * 7, "[token]"),
    ("/reset/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3.abc-def_1", "/reset/[token]"), ("/t/a8f5f167f44f4964e6c998dee827110c", "/t/[token]"),
]  # fmt: skip
KEPT = [
    "", "/blog/10-tips-for-2026", "Order 1234567890123", "4111 1111 1111 1112", "2026-11-25T10:00:00.000Z", "2026-11-25 10:00",
    "1732550400000", "123e4567-e89b-12d3-a456-426614174000", "192.168.10.12", "€ 1.234.567,89", "10 000 000 items", "v1.2.3-rc4",
    "abcdefghijklmnopqrstuvwxyz_no_digits", "\u4f60\u597d\uff0c\u4e16\u754c\u3002\u6807\u9898\uff01", "10\u00a0000\u00a0items", "/products/sku_100200300400500600700", "100-20-300", "SHA-256 and RFC 2616",
]  # fmt: skip


@pytest.mark.parametrize(("text", "masked"), MASKED)
def test_a_person_is_found(text, masked):
    masker = Masker()
    assert masker.is_suspect(text) and masker.mask(text, {}) == masked


@pytest.mark.parametrize("text", KEPT)
def test_what_is_nobodys_stays(text):
    assert Masker().mask(text, {}) == text


def test_only_what_the_site_wants_is_masked():
    assert masker_of(("card",), ()).mask("a@b.example 4111111111111111", {}) == "a@b.example [card]"
    assert not masker_of((), ()).is_suspect("a@b.example")


@pytest.mark.parametrize("pattern", ["(", "(?=x)", "a*", "", "x" * 301, r"(a)\1"])
def test_a_rule_that_cannot_be_is_refused(pattern):
    with pytest.raises(ValueError, match=r"RE2|everywhere|at most"):
        compile_rule(pattern)


def test_no_text_makes_it_slow():
    masker = masker_of(tuple(FINDERS), (("evil", "(a+)+$"),))
    start = time.perf_counter()
    for text in ("a" * 30_000 + "!", "1 " * 15_000, "@" * 30_000, "a@" * 15_000, "a.b-" * 8000 + "@", "+1 " * 10_000, "eyJ" + "a." * 15_000, "AB12 " * 6000, "(555) " * 5000):  # fmt: skip
        masker.is_suspect(text)
        masker.mask(text, {})
    assert time.perf_counter() - start < 6


@pytest.fixture
def send(site, post, drain):
    def one(**more):
        post({"site": site.site_key, "events": [event(**more)]})
        drain()

    return one


@pytest.mark.django_db
def test_the_door_masks_and_counts(site, send, stored):
    send(
        url="https://shop.example/u/nina@example.com?utm_campaign=x&utm_term=nina%40example.com&mail=a@b.example",
        title="Account of nina@example.com", referrer="https://other.example/nina@example.com/x", kind="page_view",
        event_properties={"note": "call +49 170 1234567", "order_id": "4111111111111111", "deep": [{"card": "4111 1111 1111 1111"}]},
    )  # fmt: skip
    row = stored("url", "path", "title", "page_referrer", "utm_term", "toJSONString(event_properties)")[0]
    assert row["path"] == "/u/[email]" and row["title"] == "Account of [email]"
    assert row["page_referrer"] == "https://other.example/[email]/x"
    assert json.loads(row["toJSONString(event_properties)"]) == {
        "note": "call [phone]", "order_id": "4111111111111111", "deep": [{"card": "[card]"}],
    }  # fmt: skip
    assert "nina" not in json.dumps(row)
    outcomes.do_flush_outcomes()
    counts = {
        (r["outcome"], r["reason"]): r["events"]
        for r in stored("outcome", "reason", "events", table="ingest_outcomes", order="outcome")
    }
    assert counts[("masked", "email")] >= 2 and counts[("masked", "phone")] == 1 and counts[("masked", "card")] == 1
    assert counts[("stored", "")] == 1


@pytest.mark.django_db
def test_what_is_refused_is_masked_too_but_knows_who_it_was(site, send, stored):
    send(kind="bad/type", title="nina@example.com", user={"user_id": "nina@example.com"})
    payload = json.loads(stored("payload", table="rejected_events", order="received_at")[0]["payload"])
    assert payload["page"]["title"] == "[email]" and payload["user"]["user_id"] == "nina@example.com"


URL = "https://shop.example/?ref=[card]"
OTHERS = {
    "user": {"user_id": "u-1", "user_segment": "of nina@example.com", "ab_test_variants": {"for nina@example.com": "nina@example.com"}},
    "geo": {"timezone": "nina@example.com"},
    "event_properties": {
        "nina@example.com": 1, "order_id": "nina@example.com 4111111111111111", "coupon": {"of": "4111111111111111"},
        "sku": ["4006381333931", "nina@example.com"], "transaction_id": "pi_3MtwBwLkdIwHu7ix28a3tqPa",
    },
}  # fmt: skip
THEN = {
    "[email]": 1, "order_id": "[email] 4111111111111111", "coupon": {"of": "[card]"}, "sku": ["4006381333931", "[email]"],
    "transaction_id": "pi_3MtwBwLkdIwHu7ix28a3tqPa",
}  # fmt: skip


@pytest.mark.django_db
def test_every_other_text_is_masked_and_numbers_of_things_stay(site, send, stored):
    site.collection.query_params = ["ref"]
    site.collection.save()
    send(url="https://shop.example?ref=4111111111111111", **OTHERS)
    names = ("user_segment", "variants", "timezone", "url", "toJSONString(event_properties)")
    row = stored(*names)[0]
    assert [row[name] for name in names[:4]] == ["of [email]", {"for [email]": "[email]"}, "[email]", URL]
    assert json.loads(row["toJSONString(event_properties)"]) == THEN


@pytest.mark.django_db
def test_what_a_server_says_of_the_device_is_masked(site, new_site, post, drain, stored):
    her = "joe@x.example"
    device = dict.fromkeys(("screen_resolution", "viewport_size", "language", "device_type", "os", "os_version", "browser",
                            "browser_version"), her)  # fmt: skip
    sent = event(
        "https://shop.example/", device=device, geo={"region": her, "city": her, "country": "DE"}, event_version=her
    )
    assert post({"site": site.site_key, "events": [sent]}, secret=new_site.ingest_secret).json()["accepted"] == 1
    drain()
    row = stored(*device, "region", "city", "event_version")[0]
    assert set(row.values()) == {"[email]"}


@pytest.mark.django_db
def test_so_they_are_in_what_is_refused(site, send, stored):
    send(url="https://shop.example?ref=4111111111111111", kind="bad/type", **OTHERS)
    payload = json.loads(stored("payload", table="rejected_events", order="received_at")[0]["payload"])
    assert payload["page"]["url"] == "https://shop.example?ref=[card]" and payload["event_properties"] == THEN
    told = {"user_id": "u-1", "user_segment": "of [email]", "ab_test_variants": {"for [email]": "[email]"}}
    assert (payload["user"], payload["geo"]) == (told, {"timezone": "[email]"})


@pytest.mark.django_db
def test_a_site_has_rules_and_parameters_of_its_own(site, send, stored):
    site.collection.mask_rules = [{"name": "member", "pattern": r"\bM-[0-9]{5}\b"}]
    site.collection.query_params = ["step"]
    site.collection.save()
    send(url="https://shop.example/m/M-12345?step=2&lang=de&utm_source=x")
    assert stored("url", "path")[0] == {
        "url": "https://shop.example/m/[member]?step=2&utm_source=x",
        "path": "/m/[member]",
    }
