"""A site's health: every number against what was sent, counted apart."""

import random

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.actions import do_create_owner
from accounts.models import Membership, Role
from ingestion import outcomes
from tests.conftest import event

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def quality(site, client_in, api_key, drain):
    def ask():
        drain()
        outcomes.do_flush_outcomes()
        headers = {"Authorization": f"Bearer {api_key}"}
        return client_in.get(f"/api/v1/sites/{site.pk}/quality", headers=headers).json()

    return ask


@pytest.fixture
def shown(site, client_in):
    return lambda part="now": client_in.get(f"/sites/{site.pk}/health/{part}").content.decode()


def mixed(site, post):
    good = [event() for _ in range(6)]
    post({"site": site.site_key, "events": [*good, *good[:2], event(url="nothing")], "tracker": "9.9"})
    post({"site": site.site_key, "events": [event()], "automation": True})
    post({"site": site.site_key, "events": [event()]}, headers={"HTTP_SEC_GPC": "1"})


def test_the_outcomes_sum_to_what_was_received(site, post, quality):
    mixed(site, post)
    answer = quality()
    assert {(o["outcome"], o["reason"]): o["events"] for o in answer["outcomes"]} == {
        ("stored", ""): 6, ("duplicate", ""): 2, ("rejected", "bad_url"): 1, ("bot", "automation"): 1,
        ("dropped", "global_privacy_control"): 1,
    }  # fmt: skip
    assert answer["received"] == 11 and answer["valid"] == pytest.approx(10 / 11)
    assert answer["freshness"] == 1 and 0 <= answer["delay_p50"] <= answer["delay_p95"] < 30
    assert answer["score"] == pytest.approx(answer["valid"] * answer["completeness"])


def test_completeness_is_the_share_of_numbers_that_came(site, post, quality):
    """Pages of a session number their events from 0; some in the middle are lost on the way."""
    chance, sent, lost = random.Random(7), 0, 0
    for visitor in range(30):
        events = []
        for _ in range(chance.randrange(1, 4)):
            run = chance.randrange(3, 12)
            gaps = set(chance.sample(range(run - 1), chance.randrange(0, 2)))
            events += [event(session={"event_index": i}) for i in range(run) if i not in gaps]
            sent += run
            lost += len(gaps)
        post({"site": site.site_key, "events": events, "tracker": "1"}, agent=f"Mozilla/5.0 Firefox/{visitor}.0")
    answer = quality()
    assert lost > 10
    # Runs of one session overlap, so a gap in one may hide behind... nothing: each number is compared with the higher ones.
    assert answer["completeness"] == pytest.approx(1 - lost / sent, abs=0.01)
    assert answer["completeness"] >= 1 - lost / sent - 1e-9, "never more than what is missing"


def test_a_replay_mends_the_score(site, post, quality):
    from accounts.models import EventSchema

    schema = EventSchema.objects.create(site=site, event_type="up", mode="strict", schema={"required": ["x"]})
    post({"site": site.site_key, "events": [event(), event(kind="up")]})
    assert quality()["valid"] == 0.5
    schema.delete()
    call_command("replayrejected")
    after = quality()
    assert (after["valid"], after["received"]) == (1, 2)


def test_an_empty_site_says_what_to_do(site, shown, quality):
    assert quality()["score"] is None
    assert "No event in the last 24 hours" in shown() and "Check the installation" in shown()
    assert "Nothing was refused" in shown("refused") and "Nothing waits" in shown("refused")


def test_the_page_shows_counts_versions_and_examples(site, post, quality, shown, client_in):
    mixed(site, post)
    post({"site": site.site_key, "events": [event(kind="scroll", event_properties={"scroll_depth": HOSTILE})]})
    quality()
    text = shown()
    assert (
        "9.9" in text
        and "everything is written" in text
        and "1 of 12" not in text
        and "2 of 12 events rejected" in text
    )
    refused = shown("refused")
    assert "Browser under automation" in refused and "event_properties.scroll_depth" in refused
    assert "&lt;script&gt;alert(1)" in refused and "<script>alert(1)" not in refused, "what was sent is only text"
    assert client_in.get(f"/sites/{site.pk}/health").status_code == 200


def test_replay_from_the_page(site, post, drain, client_in, stored, monkeypatch):
    sent = []
    monkeypatch.setattr("dashboards.health.send_task", lambda name, **kwargs: sent.append((name, kwargs)))
    address = f"/sites/{site.pk}/health/replay"
    assert client_in.post(address, {"kind": "bot", "reason": "automation"}, follow=True).status_code == 200
    assert sent == [("ingestion.replay", {"site_id": site.pk, "kind": "bot", "reason": "automation"})]
    client_in.post(address, {"kind": "everything", "reason": "x'; DROP"})
    assert len(sent) == 1
    assert client_in.get(address).status_code == 405

    from ingestion.tasks import replay

    post({"site": site.site_key, "events": [event()], "automation": True})
    drain()
    replay(**sent[0][1])
    drain()
    assert len(stored("event_id")) == 1


def test_who_may_see_what(site, post, drain, owner):
    post({"site": site.site_key, "events": [event(kind="scroll", event_properties={"scroll_depth": "secret text"})]})
    drain()
    viewer = do_create_owner("val@example.com", "correct horse battery")
    client = Client()
    client.force_login(viewer)
    assert client.get(f"/sites/{site.pk}/health").status_code == 404
    Membership.objects.create(team=site.team, user=viewer, role=Role.VIEWER)
    refused = client.get(f"/sites/{site.pk}/health/refused").content.decode()
    assert "scroll_depth" in refused and "secret text" not in refused and "Try all" not in refused
    assert client.post(f"/sites/{site.pk}/health/replay", {"kind": "bot", "reason": "automation"}).status_code == 403
    assert Client().get(f"/sites/{site.pk}/health").status_code == 302


def test_metrics_tell_the_age_of_what_waits(site, post):
    post({"site": site.site_key, "events": [event()]})
    text = Client().get("/metrics").content.decode()
    assert (
        'footfall_buffer_age_seconds{partition="0"}' in text and 'footfall_buffer_entries{partition="kept"} 0.0' in text
    )
