"""What is refused and kept: an erasure finds whose it was, and nothing else in it names anybody."""

import pytest

from tests.conftest import event
from tests.privacy.conftest import DEVICE, count

pytestmark = pytest.mark.django_db


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
