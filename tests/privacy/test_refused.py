"""What is refused and kept: an erasure finds whose it was, and nothing else in it names anybody."""

import pytest

from tests.conftest import event
from tests.privacy.conftest import DEVICE, count

pytestmark = pytest.mark.django_db


def escaped(text):
    return "".join(f"\\u{ord(one):04x}" for one in text)


def test_escapes_hide_nothing_from_masks_traits_and_erasure(site, post, drain, ask, stored):
    key, trait = escaped("user_id"), escaped("traits")
    parts = ('{"event_type": "bad/type", "page": {"url": "https://shop.example/", "title": "joe\\u0040secret.example"},'
             f' "user": {{"{key}": "u-1"}}, "event_properties": {{"{trait}": {{"email": "a", "first_name": "Josephine"}}}}}}')  # fmt: skip
    body = f'{{"site": "{site.site_key}", "events": [{parts}]}}'.encode()
    assert len(post(body).json()["rejected"]) == 1
    drain()
    (row,) = stored("payload", table="rejected_events", order="received_at")
    assert "secret.example" not in row["payload"] and "Josephine" not in row["payload"] and "[email]" in row["payload"]
    assert ask("erasure", "user", "u-1").find_step("erase:rejected_events")["found"] == 1
    assert count("rejected_events") == 0


def test_ids_are_the_same_with_blanks_around_them(site, new_site, post, drain, ask):
    sent = [event(user={"user_id": " spacey "}), event(user={"user_id": "spacey"}), event(user={"user_id": "   "})]
    assert post({"site": site.site_key, "events": sent}, secret=new_site.ingest_secret).json()["accepted"] == 3
    drain()
    assert count("events WHERE user_id != ''") == 2
    assert ask("erasure", "user", "spacey").find_step("erase:events")["found"] == 2
    assert count("events") == 1


def test_a_refused_event_is_found_however_long_it_is(site, post, drain, ask):
    long, ids = (
        {"event_properties": {"text": "word " * 16_000}},
        {"user": {"user_id": "u-1"}, "device": {"device_id": DEVICE}},
    )
    fat = {"user": {"user_segment": "x" * 70_000, "user_id": "bob"}, "device": {"device_id": DEVICE}}
    sent = [event(**long, **ids), event(kind="bad/type", **fat), event(**long, user={"user_id": "carol"})]
    assert len(post({"site": site.site_key, "events": sent}).json()["rejected"]) == 3
    drain()
    assert ask("erasure", "user", "u-1").find_step("erase:rejected_events")["found"] == 1
    assert ask("erasure", "device", DEVICE).find_step("erase:rejected_events")["found"] == 1
    assert (
        count("rejected_events")
        == count("rejected_events WHERE payload LIKE '%carol%' AND length(payload) = 65536")
        == 1
    )
