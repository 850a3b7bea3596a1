"""The encrypted disk of docker/clickhouse/encrypted.xml, on the real engine: nothing readable on disk, nothing without the key."""

import os
import re
import secrets
import subprocess
from pathlib import Path

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import NetworkError

from analytics.services import embedded_clickhouse
from tests.conftest import eventually
from tests.running import ROOT

FILE = ROOT / "docker" / "clickhouse" / "encrypted.xml"
WORD = "nobody-may-read-this-on-the-disk"


@pytest.fixture
def start(tmp_path, settings):
    """`start(key)`: a server whose configuration has what the file has; the port, or None if it does not come up."""
    folder, running = tmp_path / "clickhouse", []
    text = FILE.read_text().replace("/var/lib/clickhouse", str(tmp_path))
    inside = re.search(r"<clickhouse>(.*)<merge_tree>(.*)</merge_tree>", text, re.S)

    def run(key):
        for process in running:
            process.kill()
            process.wait()
        url = embedded_clickhouse.prepare(folder)
        config = folder / "clickhouse-local.xml"
        merged = config.read_text().replace("<merge_tree>", f"{inside[1]}<merge_tree>{inside[2]}")
        config.write_text(merged)
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "CLICKHOUSE_DISK_KEY": key}
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(
                embedded_clickhouse.command(), cwd=folder, env=environment, stdout=log, stderr=log
            )
        running.append(process)

        def answers():
            try:
                return ask(url, "SELECT 1") == [(1,)]
            except (OSError, NetworkError):
                return process.poll() is not None
            except EOFError:
                return False

        eventually(answers, 40)
        return url if process.poll() is None else None

    yield run
    for process in running:
        process.kill()
        process.wait()


def ask(url, sql, *rows):
    client = Client.from_url(url)
    try:
        return client.execute(sql, *rows)
    finally:
        client.disconnect()


def has_word(folder: Path):
    return [path for path in folder.rglob("*") if path.is_file() and WORD.encode() in path.read_bytes()]


TABLE = "CREATE TABLE d.{} (x String CODEC(NONE)) ENGINE = MergeTree ORDER BY tuple() SETTINGS {}"
TOKEN = {"insert_deduplication_token": "a batch"}


def put(url, table):
    client = Client.from_url(url)
    client.execute(f"INSERT INTO d.{table} VALUES", [(WORD,)], settings=TOKEN)
    client.disconnect()


def test_tables_are_encrypted_on_the_disk(start, tmp_path):
    key = secrets.token_hex(32)
    url = start(key)
    ask(url, "CREATE DATABASE d ENGINE = Atomic")
    for table, more in (("t", "non_replicated_deduplication_window = 100"), ("plain", "storage_policy = 'default'")):
        ask(url, TABLE.format(table, more))
        put(url, table)
    assert ask(url, "SELECT table, disk_name FROM system.parts WHERE active AND database = 'd' ORDER BY table") == [
        ("plain", "default"), ("t", "encrypted")
    ]  # fmt: skip
    found = has_word(tmp_path)
    assert found and not any("encrypted" in path.parts for path in found)  # in the table that was not to be
    ask(url, "DROP TABLE d.plain SYNC")
    eventually(lambda: has_word(tmp_path) == [])

    url = start(key)  # after a kill -9, the same batch once more
    put(url, "t")
    assert ask(url, "SELECT x FROM d.t") == [(WORD,)]

    url = start(secrets.token_hex(32))  # another key: the parts are put aside as broken
    assert not (url and ask(url, "SELECT x FROM d.t")) and has_word(tmp_path) == []
