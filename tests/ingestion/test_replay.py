"""Rejected events and bots are taken in after all, once, with what was known of them when they came."""

import pytest
from django.core.management import CommandError, call_command

from accounts.models import EventSchema
from analytics.clickhouse import client
from ingestion.replay import do_replay
from ingestion.sites import known
from tests.conftest import event
from tests.ingestion.test_collection import counted

SCHEMA = {"type": "object", "properties": {"seats": {"type": "integer"}}}


@pytest.fixture
def strict(site):
    return EventSchema.objects.create(site=site, event_type="upgrade", mode="strict", schema=SCHEMA)


def waiting(stored, table="rejected_events"):
    return sorted(row["reason"] for row in stored("reason", table=table, order="reason"))


def test_a_mended_schema_takes_in_what_it_had_refused(site, strict, post, drain, stored, capsys):
    known.refresh()
    body = {
        "site": site.site_key,
        "events": [event(), event(kind="upgrade", event_properties={"plan": "pro"}, title="T")],
    }
    body["events"].append(
        {"event_type": "upgrade", "page": {"url": "https://shop.example/x"}, "event_properties": {"plan": "a"}}
    )
    body["events"].append(event(kind="upgrade", event_properties={"seats": "none"}))
    assert post(body).json()["accepted"] == 1
    drain()
    assert waiting(stored) == ["bad_property", "unknown_property", "unknown_property"]

    assert do_replay(site.pk).taken == 0, "nothing has been mended yet"
    strict.schema = {"type": "object", "properties": {"seats": {"type": "integer"}, "plan": {"type": "string"}}}
    strict.save()
    call_command("replayrejected", "--site", str(site.pk), "--reason", "unknown_property")
    assert "2 taken in, 0 known already, 0 still refused" in capsys.readouterr().out
    drain()
    assert waiting(stored) == ["bad_property"]
    rows = stored("event_type", "visitor_id", "session_id", "browser", "event_properties", "title", order="event_type")
    assert [row["event_type"] for row in rows] == ["page_view", "upgrade", "upgrade"]
    assert len({row["visitor_id"] for row in rows}) == 1, "the visitor is still the same"
    assert len({row["session_id"] for row in rows}) == 1 and rows[1]["browser"] == "Chrome"
    assert {row["event_properties"]["plan"] for row in rows[1:]} == {"pro", "a"}
    assert counted(site) == {
        "stored|": 1,
        "rejected|unknown_property": 2,
        "rejected|bad_property": 1,
        "stored|replayed": 2,
    }


def test_an_interrupted_replay_counts_once(site, strict, post, drain, stored, monkeypatch):
    known.refresh()
    bare = [
        {"event_type": "upgrade", "page": {"url": "https://shop.example/"}, "event_properties": {"plan": str(i)}}
        for i in range(5)
    ]
    post({"site": site.site_key, "events": bare})
    drain()
    strict.delete()

    def dies(*_):
        raise client.StoreError("ClickHouse went away")

    monkeypatch.setattr("ingestion.replay.client.command", dies)
    with pytest.raises(CommandError, match="Interrupted, nothing is lost"):
        call_command("replayrejected")
    monkeypatch.undo()
    again = do_replay(site.pk)
    assert (again.taken, again.duplicate) == (0, 5)
    drain()
    assert len(stored("event_id")) == 5 and waiting(stored) == []


def test_bots_are_readmitted(site, post, drain, stored, capsys):
    post({"site": site.site_key, "events": [event(), event()], "automation": True})
    drain()
    assert stored("event_id") == [] and waiting(stored, "bot_events") == ["automation", "automation"]
    call_command("replayrejected", "--bots", "--reason", "headless")
    assert "0 taken in" in capsys.readouterr().out
    call_command("replayrejected", "--bots")
    drain()
    assert len(stored("event_id")) == 2 and waiting(stored, "bot_events") == []


def test_what_was_too_old_for_a_browser_can_be_trusted(site, post, drain, stored):
    old = event(event_timestamp="2026-01-01T00:00:00Z")
    assert post({"site": site.site_key, "events": [old]}).json()["rejected"][0]["field"] == "event_timestamp"
    drain()
    assert do_replay(site.pk).left == {"too_old": 1}
    assert do_replay(site.pk, trusted=True).taken == 1
    drain()
    assert f"{stored('timestamp')[0]['timestamp']:%Y-%m-%d}" == "2026-01-01"


def test_more_than_a_page_of_them(site, strict, post, drain, stored):
    known.refresh()
    for _ in range(3):
        post({"site": site.site_key, "events": [event(kind="upgrade", event_properties={"x": i}) for i in range(900)]})
    drain()
    strict.delete()
    assert do_replay(site.pk).taken == 2700
    drain()
    assert len(stored("event_id")) == 2700 and waiting(stored) == []


def test_unknown_sites_and_dates_are_told(site):
    with pytest.raises(CommandError, match="There is no site 999"):
        call_command("replayrejected", "--site", "999")
    with pytest.raises(CommandError, match="expected ISO 8601"):
        call_command("replayrejected", "--since", "yesterday")
