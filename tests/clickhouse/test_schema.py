import re
import shutil
import uuid
from datetime import UTC, datetime

import pytest

from analytics.clickhouse import client, columns, migrate
from analytics.queries.kinds import RARE

pytestmark = pytest.mark.usefixtures("stores")


def test_the_declared_columns_are_the_live_ones():
    live = dict(
        client.read(
            "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = 'events'"
            " AND name NOT IN ('event_properties', 'event_id')",
            {},
            "test",
        )
    )
    assert live == columns.COLUMNS


def test_rare_events_are_the_same_rows():
    """The copy by type has every column of events, and the types that queries look for there."""
    asked = "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String} ORDER BY name"
    events, rare = (client.read(asked, {"table": table}, "test") for table in ("events", "rare_events"))
    assert events == rare
    view = client.read("SELECT as_select FROM system.tables WHERE name = 'rare_events_mv'", {}, "test")[0][0]
    assert set(re.findall(r"'(\w+)'", view)) == RARE
    assert view.startswith("SELECT *")


def test_the_row_is_made_of_the_declared_columns():
    from ingestion.row import FIELDS

    kept = [name for name in columns.COLUMNS if name not in ("event_id_mid", "event_id_low")]
    assert FIELDS[: len(kept)] == tuple("event_id" if name == "event_id_gap" else name for name in kept)


def test_migrations_run_once_and_refuse_surprises(tmp_path, monkeypatch):
    applied = []
    migrate.do_migrate(applied.append, expected=True)
    assert applied == []
    with pytest.raises(client.StoreError, match="does not know"):
        migrate.check_history({"9999_future.sql": "x"}, 1, True)
    with pytest.raises(client.StoreError, match="not Footfall's"):
        migrate.check_history({}, 3, False)
    with pytest.raises(client.StoreError, match="is empty"):
        migrate.check_history({}, 0, True)


def test_the_reader_cannot_write():
    with pytest.raises(client.StoreError, match="Not enough privileges"):
        client.read("INSERT INTO migrations (name, checksum) SELECT 'x', 'y'", {}, "test")


def test_an_older_database_is_migrated_with_what_it_holds(stores, tmp_path, monkeypatch, settings):
    """Rows written under the first four migrations keep their ids, of whichever version, and their texts."""
    settings.CLICKHOUSE_DATABASE = "footfall_older"
    older = tmp_path / "older"
    older.mkdir()
    for path in sorted(migrate.FOLDER.glob("000[1-4]*.sql")):
        shutil.copy(path, older)
    ids = [uuid.uuid4(), uuid.UUID("0193576b-d0e4-7abc-8123-456789abcdef"), uuid.UUID(int=2**128 - 1), uuid.UUID(int=0)]
    try:
        with monkeypatch.context() as before:
            before.setattr(migrate, "FOLDER", older)
            migrate.do_migrate(lambda text: None, expected=False)
        now = datetime.now(UTC)
        columns = [
            [7] * 4,
            [now] * 4,
            ids,
            ["page_view"] * 4,
            [f"/{n}" for n in range(4)],
            [1] * 4,
            [now] * 4,
            [now] * 4,
        ]
        names = ["site_id", "timestamp", "event_id", "event_type", "path", "session_id", "session_start", "received_at"]
        client.insert("events", names, columns, "older")
        migrate.do_migrate(lambda text: None, expected=True)
        rows = client.read("SELECT event_id, path, weight FROM events ORDER BY path", {}, "test")
        assert rows == [(event_id, f"/{n}", 1.0) for n, event_id in enumerate(ids)]
        assert client.read("SELECT sum(pageviews), sum(sampled) FROM traffic_15m", {}, "test") == [(4, 0)]
        assert client.read("SELECT sum(pageviews), sum(events) FROM visits", {}, "test") == [(4, 4)]
        by_type = "SELECT sumMap(types), sum(events), uniqExactMerge(visitors) FROM traffic_15m"
        assert client.read(by_type, {}, "test") == [({"page_view": 4}, 4, 1)]
        folds = "min(start) = max(end), sum(events), min(weight), max(began) > 0"
        session = f"SELECT {folds} FROM sessions GROUP BY session_id"
        assert client.read(session, {}, "test") == [(1, 4, 1.0, 1)]
        for name in ("0013_types_by_quarter.sql", "0014_internal.sql"):
            for statement in migrate.statements((migrate.FOLDER / name).read_text()):
                client.command(statement)  # it was cut off, and is applied again
        assert client.read(by_type, {}, "test") == [({"page_view": 4}, 4, 1)]
        assert client.read(session, {}, "test") == [(1, 4, 1.0, 1)]
    finally:
        client.command("DROP DATABASE IF EXISTS footfall_older SYNC")


def test_an_event_id_comes_back_from_its_parts(stores):
    for event_id in (str(uuid.uuid4()), "0193576b-d0e4-7abc-8123-456789abcdef", str(uuid.UUID(int=2**128 - 1))):
        gap, mid, low = columns.split_id(event_id, 1732000000123)
        assert str(uuid.UUID(int=((gap + 1732000000123) << 80) + (mid << 64) + low)) == event_id


def test_a_batch_repeated_after_a_restart_counts_once_in_the_views_too(site, insert_events):
    """The first restart after a migration is the one in which a modified view may forget what it has seen."""
    from analytics.services import embedded, embedded_clickhouse
    from tests import environment
    from tests.conftest import default_row

    row = default_row(site.pk) | dict.fromkeys(("event_id_gap", "event_id_mid", "event_id_low"), 1)
    row["session_start"] = row["timestamp"]
    values = [[row[name]] for name in columns.COLUMNS]
    client.insert("events", list(columns.COLUMNS), values, "repeated")
    [old] = [process for process in environment._stores if "embedded_clickhouse" in str(process.args)]
    old.kill()
    old.wait()
    folder = environment.DATA / "clickhouse"
    new = embedded.spawn(embedded_clickhouse.command(), folder, environment.DATA / "clickhouse.log")
    environment._stores[environment._stores.index(old)] = new
    embedded.wait_for_clickhouse()
    client.insert("events", list(columns.COLUMNS), values, "repeated")
    for table in ("events", "events_recent"):
        assert client.read(f"SELECT count() FROM {table}", {}, "test") == [(1,)]
    for table in ("traffic_15m", "sessions", "visits"):
        assert client.read(f"SELECT sum(pageviews) FROM {table}", {}, "test") == [(1,)]
