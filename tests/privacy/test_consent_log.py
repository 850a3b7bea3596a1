"""The way of an answer: through the ordinary door into a log that knows nobody."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from analytics.clickhouse import client
from analytics.privacy import consent_log, history
from ingestion.steps.consent import receipt_hash
from tests.conftest import event

pytestmark = pytest.mark.django_db
ID = "3f0c6a52-7d0e-4a55-9e0a-5d6b3d1d2f10"


def answer(what="granted", consent_id=ID, **told):
    properties = {"answer": what, "consent_id": consent_id, **told}
    kept = {name: value for name, value in properties.items() if value is not None}
    return event(
        kind="consent", event_properties=kept, user={"user_id": "person-42"}, device={"device_id": str(uuid.uuid4())}
    )


def rows():
    return client.read("SELECT * FROM consents ORDER BY at", {}, "test")


@pytest.fixture
def sent(site, post, drain):
    def send(*events, secret="", **how):
        got = post({"site": site.site_key, "events": list(events)}, secret, **how)
        drain()
        return got.json()

    return send


def test_an_answer_is_kept_without_who_gave_it(site, sent):
    given = answer(version=3, text=2, language="de", categories=["statistics"])
    assert sent(given)["accepted"] == 1
    [(site_id, at, receipt, what, mode, version, text, language, categories)] = rows()
    assert (site_id, receipt, what, mode) == (site.pk, receipt_hash(ID), "granted", "cookieless")
    assert (version, text, language, categories) == (3, 2, "de", ["statistics"])
    assert ID not in json.dumps(str(rows())) and abs(datetime.now(UTC) - at.replace(tzinfo=UTC)) < timedelta(minutes=1)
    for table in ("events", "sessions", "visits", "events_recent", "rejected_events"):
        assert client.read(f"SELECT count() FROM {table}", {}, "test") == [(0,)], table
    outcomes = "SELECT outcome, sum(events) FROM ingest_outcomes FINAL GROUP BY 1"
    from ingestion.outcomes import do_flush_outcomes

    do_flush_outcomes()
    assert client.read(outcomes, {}, "test") == [("stored", 1)]


def test_who_has_the_consent_id_finds_the_entries(site, sent):
    sent(answer(), answer("granted", str(uuid.uuid4())))
    sent(answer("withdrawn"))
    assert [one.answer for one in consent_log.find(ID)] == ["granted", "withdrawn"]
    assert [one.answer for one in consent_log.find(f" {ID} ", site.pk)] == ["granted", "withdrawn"]
    assert consent_log.find(ID, site.pk + 1) == [] and consent_log.find(str(uuid.uuid4())) == []
    assert consent_log.find("") == [] and consent_log.find("a' OR 1") == []


def test_an_answer_counts_once(site, sent):
    given = answer()
    assert sent(given)["accepted"] == 1 and sent(given)["duplicate"] == 1
    assert len(rows()) == 1


def test_a_denial_has_no_receipt_and_counts_once_a_day(site, sent):
    for _ in range(3):
        sent(answer("denied", None))
    sent(answer("denied"), address="203.0.113.77")
    assert [row[2:4] for row in rows()] == [("", "denied"), ("", "denied")], "one of each of two visitors"


def test_events_beside_an_answer_are_stored_as_ever(site, sent):
    given = sent(event(), answer(), event(kind="signup"))
    assert given["accepted"] == 3 and len(rows()) == 1
    assert client.read("SELECT count() FROM events", {}, "test") == [(2,)]


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"what": "maybe"}, "answer"), ({"consent_id": None}, "consent_id"), ({"consent_id": "short"}, "consent_id"),
        ({"consent_id": "x" * 65}, "consent_id"), ({"what": "withdrawn", "consent_id": "ä" * 20}, "consent_id"),
        ({"version": "three"}, "version"),
    ],
)  # fmt: skip
def test_a_bad_answer_is_refused_and_its_id_kept_nowhere(site, sent, told, field):
    [refusal] = sent(answer(**told))["rejected"]
    assert refusal["field"] == f"event_properties.{field}"
    assert rows() == [] and client.read("SELECT count() FROM rejected_events", {}, "test") == [(0,)]


def test_odd_versions_and_categories_do_no_harm(site, sent):
    sent(answer(version=-1, text=2**40, categories=["x" * 500] * 50, language="x" * 99))
    [row] = rows()
    assert row[5:8] == (0, 0, "x" * 16) and row[8] == ["x" * 64] * 20


def test_bots_and_signals_are_not_logged(site, sent):
    sent(answer(), agent="Googlebot/2.1")
    sent(answer(), headers={"HTTP_SEC_GPC": "1"})
    assert rows() == []
    assert client.read("SELECT count() FROM bot_events", {}, "test") == [(0,)]


def test_a_denial_is_logged_where_nobody_is_counted_without_consent(site, sent):
    site.collection.consent = "required"
    site.collection.save()
    sent(answer("denied", None), event())
    assert [row[3:5] for row in rows()] == [("denied", "required")]
    assert client.read("SELECT count() FROM events", {}, "test") == [(0,)]


def test_counts_by_day_and_the_file(site, sent, new_site):
    then = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    old = answer("granted", str(uuid.uuid4()))
    sent({**old, "event_timestamp": then}, answer(categories=["=cmd"]), secret=new_site.ingest_secret)
    days = consent_log.counts(site, 30)
    assert len(days) == 30 and [(day.granted, day.total) for day in days if day.total] == [(1, 1), (1, 1)]
    assert days[-3].granted == 1 and days[-1].granted == 1
    head, first, second, *_ = "".join(consent_log.as_csv(site.pk)).splitlines()
    assert head.startswith("at,answer,consent_mode") and then[:10] in first
    assert "'=cmd" in second and receipt_hash(ID) in second and ID not in second
    assert [one.receipt for one in consent_log.entries(site.pk, limit=1)] == [receipt_hash(ID)]


def test_an_entry_says_by_which_text(site, sent, owner):
    first = history.do_write_text(site, {"en": "May we count you?", "de": "Dürfen wir zählen?"}, owner)
    history.do_write_text(site, {"en": "May we, please?"}, owner)
    history.ensure_current(site)
    sent(answer(text=first.number, language="de-AT", version=1), answer("granted", str(uuid.uuid4())))
    [told] = consent_log.find(ID)
    proof = consent_log.prove(told)
    assert proof.wording == "Dürfen wir zählen?" and proof.settings.number == 1
    untold = next(one for one in consent_log.entries(site.pk) if not one.text)
    assert consent_log.prove(untold).wording == "May we, please?", "the one of the time"
