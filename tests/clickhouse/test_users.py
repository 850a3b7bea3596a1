"""Least rights: the reader cannot write, a site's reader sees its site alone."""

import json

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException

from analytics.clickhouse import client, users
from tests.conftest import event

WRITES = [
    "INSERT INTO {db}.cohort_people VALUES (1, 1, 1, 1)", "ALTER TABLE {db}.events DELETE WHERE 1", "TRUNCATE TABLE {db}.events",
    "DROP TABLE {db}.events", "CREATE TABLE {db}.mine (a UInt8) ENGINE = Memory", "CREATE DATABASE mine", "CREATE USER mine",
    "GRANT SELECT ON {db}.* TO default", "SYSTEM STOP MERGES {db}.events",
]  # fmt: skip
PEEKS = [
    "SELECT * FROM system.processes", "SELECT * FROM system.users", "SELECT * FROM system.parts", "SELECT * FROM {db}.migrations",
    "SELECT * FROM {db}.person_traits",
    "SELECT * FROM file('/etc/passwd', 'LineAsString')", "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    "SELECT * FROM remote('127.0.0.1', '{db}', 'events')", "SELECT * FROM system.query_log", "SHOW CREATE USER default",
]  # fmt: skip


def refuses(door, sql):
    with pytest.raises(ServerException):
        run(door, sql.format(db="footfall"))
    return True


def run(door, sql):
    connection = Client.from_url(door)
    try:
        return connection.execute(sql)
    finally:
        connection.disconnect()


@pytest.mark.django_db
def test_reports_read_as_a_user_who_cannot_write(site, post, drain):
    assert client.read("SELECT currentUser()", {}, "test") == [("reader",)]
    assert next(client.stream("SELECT currentUser()", {}, "test")) == [("reader",)]
    post({"site": site.site_key, "events": [event()]})
    drain()
    assert client.read("SELECT count() FROM events", {}, "test") == [(1,)]
    door = client.get_reader_url()
    assert all(refuses(door, sql) for sql in WRITES) and not users.can_reader_write()
    assert client.reader_file().stat().st_mode & 0o077 == 0


def test_where_there_is_no_reader_the_setting_protects(stores, settings):
    settings.CLICKHOUSE_READER_URL = client.get_url()
    assert client.read("SELECT currentUser()", {}, "test") == [("footfall",)] and users.can_reader_write()
    with pytest.raises(client.StoreError, match="readonly"):
        client.read("CREATE TABLE mine (a UInt8) ENGINE = Memory", {}, "test")


def test_what_an_external_server_is_told_is_valid_sql(stores, settings, monkeypatch, tmp_path):
    """The embedded engine keeps no users by SQL, but it can say whether it understands."""
    told, real = [], client.command
    url = client.get_url()

    def command(sql, params=None):
        if sql.startswith(("CREATE USER", "ALTER USER", "GRANT", "REVOKE", "CREATE ROW", "DROP ROW", "DROP USER")):
            told.append(sql)
            return real(f"EXPLAIN AST {sql}") and []
        return real(sql, params)

    settings.CLICKHOUSE_URL, settings.DATA_DIR = url, tmp_path
    monkeypatch.setattr(client, "command", command)
    assert "Authentication failed" in users.ensure_reader() and not client.reader_file().exists()
    users.create_site_reader(7, "bi")
    users.drop_site_reader("footfall_site_7_bi")
    assert (
        "CREATE ROW POLICY OR REPLACE footfall_site_7_bi ON footfall.events USING site_id = 7 TO footfall_site_7_bi"
        in told
    )
    assert told.index("GRANT SELECT ON footfall.events TO footfall_site_7_bi") > 0 and len(told) > 20
    for label in ("x; DROP", "BI", ""):
        with pytest.raises(client.StoreError, match="small letters"):
            users.create_site_reader(7, label)


@pytest.mark.system
@pytest.mark.timeout(300)
def test_a_sites_reader_sees_its_rows_in_every_table(shared_footfall):
    from tests.conftest import eventually

    footfall = shared_footfall

    site, other = footfall.create_site("read.example"), footfall.create_site("other-read.example")
    ours = f"FROM events WHERE site_id IN ({site['id']}, {other['id']})"
    page = {"event_type": "page_view", "page": {"url": "https://shop.example/"}}
    footfall.post(site, [page, page, {"event_type": "page_view", "page": {"url": "bad"}}])
    footfall.post(other, [page, page, page])
    eventually(lambda: footfall.sql(f"SELECT count() {ours}") == [(5,)])
    made = json.loads(footfall.manage("createreader", "--site", str(site["id"]), "--json"))
    tables = [
        name
        for (name,) in footfall.sql(
            "SELECT DISTINCT table FROM system.columns WHERE database = 'footfall' AND name = 'site_id' AND NOT endsWith(table, '_mv')"
        )
    ]
    assert {"events", "sessions", "visits", "traffic_15m", "rejected_events", "events_recent"} <= set(tables)
    tables.remove("person_traits")  # who people are is not for them
    for table in tables:
        assert {row[0] for row in run(made["url"], f"SELECT DISTINCT site_id FROM {table}")} <= {site["id"]}, table
    assert run(made["url"], "SELECT count() FROM events WHERE 1 OR site_id != 0") == [(2,)]
    assert all(refuses(made["url"], sql) for sql in [*WRITES, *PEEKS])
    assert footfall.sql(f"SELECT uniqExact(site_id) {ours}") == [(2,)]  # nobody else is concerned
    body = {"metrics": ["pageviews"], "date_range": "7d"}
    assert footfall.request(f"/api/v1/sites/{other['id']}/query", body, other["api_key"])["totals"][0] in (3, [3])

    second = json.loads(footfall.manage("createreader", "--site", str(other["id"]), "--name", "two", "--json"))
    assert run(made["url"], "SELECT count() FROM events") == [(2,)] and run(
        second["url"], "SELECT count() FROM events"
    ) == [(3,)]
    assert made["user"] in footfall.manage("revokereader", "--site", str(site["id"]))
    assert run(made["url"], "SELECT 1")
    footfall.manage("revokereader", "--site", str(site["id"]), "--yes")
    assert refuses(made["url"], "SELECT 1") and run(second["url"], "SELECT 1")
    footfall.post(site, [page])
    eventually(lambda: footfall.sql(f"SELECT count() {ours}") == [(6,)], 40)
