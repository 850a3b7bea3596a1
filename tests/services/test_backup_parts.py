"""The parts of a backup, each by itself: the pause, the relational copy on SQLite and Postgres, what is left out."""

import sqlite3

import pytest
from django.db import connection

from tests.conftest import event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def emptied_log(transactional_db):
    """Django empties every table after such a test, and the audit log lets nobody do that: an anchor at its end does."""
    yield
    from accounts.audit_models import AuditEntry, AuditHead

    last = AuditEntry.objects.order_by("number").last()
    if last:
        AuditHead.objects.update(anchor=last.number)
        AuditEntry.objects.all()._raw_delete(connection.alias)


def test_paused_writers_write_nothing(site, post, drain, stored):
    from ingestion import buffer
    from ingestion.pause import NotPaused, writers_paused

    post({"site": site.site_key, "events": [event(), event()]})
    with writers_paused() as pause:
        assert drain() == 0
        assert post({"site": site.site_key, "events": [event()]}).status == 202
        with pytest.raises(NotPaused, match="Another backup"), writers_paused(patience=0.2):
            pass
        pause.check()
    assert drain() == 3 and len(stored("event_id")) == 3
    with pytest.raises(NotPaused, match="went on"), writers_paused() as pause:
        buffer.connection().delete(pause.name)
        pause.check()


def test_a_batch_that_a_dead_writer_left_is_finished_first(site, post, stored):
    from ingestion import buffer, writer
    from ingestion.pause import writers_paused

    post({"site": site.site_key, "events": [event() for _ in range(4)]})
    batch = next(b for p in buffer.partitions() if (b := buffer.take(p, 1000)))
    writer.write_events(batch)  # inserted, and killed before the ack
    with writers_paused():
        assert len(stored("event_id")) == 4
        assert not buffer.connection().exists(buffer.key("manifest", batch.partition))


def test_a_writer_stops_for_the_pause(site, post):
    from ingestion import buffer, writer

    with writer.lease(0) as renew:
        assert renew()
        buffer.connection().set(buffer.key("pause"), "x", px=5000)
        assert not renew()
    with writer.lease(0) as renew:
        assert renew is None


def test_salts_and_log_ins_stay_out(client_in, site, tmp_path):
    from datetime import date

    from analytics.services.backup import relational
    from ingestion.models import Salt

    Salt.objects.create(day=date(2026, 1, 1), value=b"0123456789abcdef")
    rows = relational.save(tmp_path)
    assert rows["ingestion_salt"] == rows["django_session"] == 0 and rows["accounts_site"] == 1
    assert b"0123456789abcdef" not in b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())


def test_people_come_back(site, owner, tmp_path):
    from accounts.models import User
    from analytics.services.backup import relational

    rows = relational.save(tmp_path)
    if connection.vendor == "sqlite":  # the file takes the place of the old one; test_backup.py does that from outside
        copy = sqlite3.connect(tmp_path / relational.SQLITE_FILE)
        assert copy.execute("SELECT email FROM accounts_user").fetchall() == [("alice@example.com",)]
        return
    User.objects.all().delete()
    relational.load(tmp_path, relational.migrations())
    kept = {name: number for name, number in rows.items() if name not in relational.LEFT_OUT}
    assert relational.rows_of(kept) == kept
    assert User.objects.get().check_password("correct horse battery")
    assert User.objects.create(email="bob@example.com").pk != owner.pk  # the sequences go on
