import pytest

from analytics.clickhouse import client, columns, migrate

pytestmark = pytest.mark.usefixtures("stores")


def test_the_declared_columns_are_the_live_ones():
    live = dict(
        client.read(
            "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = 'events'"
            " AND name != 'event_properties'",
            {},
            "test",
        )
    )
    assert live == columns.COLUMNS


def test_the_row_is_made_of_the_declared_columns():
    from ingestion.row import FIELDS

    assert FIELDS[: len(columns.COLUMNS)] == tuple(columns.COLUMNS)


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
    with pytest.raises(client.StoreError, match=r"(?i)readonly"):
        client.read("INSERT INTO migrations (name, checksum) SELECT 'x', 'y'", {}, "test")
