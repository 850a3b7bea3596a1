"""ClickHouse, over its native protocol, so that any server can be saved without a folder or a bucket of its own.

A snapshot is a second database whose tables share the parts of the first: made in a moment, whatever the size. The rows go
out and come back as integers and text, which every version of the server and of the driver understands.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from analytics.clickhouse import client
from analytics.services.backup import packed
from analytics.services.backup.manifest import BackupError

ROWS = 20_000  # a block of rows is held in memory
AS_IT_IS = re.compile(r"^(U?Int(8|16|32|64)|String|LowCardinality\(String\))$")
TAKEN = {
    "insert_deduplicate": 0,
    "max_partitions_per_insert_block": 0,
    "optimize_on_insert": 0,  # a row stays a row, so that they can be counted
    "insert_block_size": 1_000_000,
    "max_insert_threads": 1,
    "input_format_null_as_default": 0,
}


@dataclass(frozen=True)
class Column:
    name: str
    kind: str

    @property
    def inner(self) -> str:
        return re.sub(r"^SimpleAggregateFunction\(\w+, (.*)\)$", r"\1", self.kind)

    @property
    def wire(self) -> str:
        """Its type on the way."""
        if AS_IT_IS.match(self.inner):
            return self.inner
        return "Nullable(String)" if self.inner.startswith("Nullable(") else "String"

    def out(self) -> str:
        if self.kind.startswith("AggregateFunction("):
            return f"hex({self.name})"
        if self.inner.startswith("Map("):
            return f"toJSONString({self.name})"
        return self.name if self.wire == self.kind else f"CAST({self.name} AS {self.wire})"

    def back(self) -> str:
        if self.kind.startswith("AggregateFunction("):
            return f"CAST(unhex({self.name}) AS {self.kind})"
        if self.inner.startswith("Map("):
            plain = self.inner.replace("LowCardinality(String)", "String")
            return f"CAST(JSONExtract({self.name}, '{plain}') AS {self.kind})"
        return self.name if self.wire == self.kind else f"CAST({self.name} AS {self.kind})"


def tables() -> list[str]:
    rows = client.command(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
        " AND name != 'migrations' ORDER BY name"
    )
    return [name for (name,) in rows]


def all_tables() -> list[str]:
    return [name for (name,) in client.command("SELECT name FROM system.tables WHERE database = currentDatabase()")]


def views() -> list[str]:
    rows = client.command(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'MaterializedView' ORDER BY name"
    )
    return [name for (name,) in rows]


def columns_of(table: str) -> list[Column]:
    rows = client.command(
        "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String}"
        " AND default_kind IN ('', 'DEFAULT') ORDER BY position",
        {"table": table},
    )
    return [Column(name, kind) for name, kind in rows]


def count(table: str) -> int:
    return int(client.command(f"SELECT count() FROM {table}")[0][0])


def version() -> str:
    return str(client.command("SELECT version()")[0][0])


def migrations() -> dict[str, str]:
    return dict(client.command("SELECT name, checksum FROM migrations"))


def snapshot_name() -> str:
    return f"{settings.CLICKHOUSE_DATABASE}_snapshot"


@contextmanager
def snapshot_place() -> Iterator[str]:
    """An empty database for the snapshot, gone afterwards; one that a killed backup left is taken over."""
    name = snapshot_name()
    client.command(f"DROP DATABASE IF EXISTS {name} SYNC")
    client.command(f"CREATE DATABASE {name} ENGINE = Atomic")
    try:
        yield name
    finally:
        client.command(f"DROP DATABASE IF EXISTS {name} SYNC")


def take_snapshot(name: str) -> dict[str, int]:
    """Rows by table. Parts are shared, not copied."""
    for table in tables():
        client.command(f"CREATE TABLE {name}.{table} AS {settings.CLICKHOUSE_DATABASE}.{table}")
        client.command(f"SYSTEM STOP MERGES {name}.{table}")
        parts = client.command(
            "SELECT DISTINCT partition_id FROM system.parts WHERE active AND database = {database:String}"
            " AND table = {table:String}",
            {"database": settings.CLICKHOUSE_DATABASE, "table": table},
        )
        for (partition,) in parts:
            client.command(
                f"ALTER TABLE {name}.{table} ATTACH PARTITION ID '{partition}'"
                f" FROM {settings.CLICKHOUSE_DATABASE}.{table}"
            )
    return {table: count(f"{name}.{table}") for table in tables()}


def save(folder: Path, name: str, rows: dict[str, int]) -> None:
    (folder / "clickhouse").mkdir()
    for table, expected in rows.items():
        columns = columns_of(table)
        saved = 0

        def blocks(table: str = table, columns: list[Column] = columns) -> Iterator[list[Any]]:
            nonlocal saved
            select = ", ".join(f"{column.out()} AS `{column.name}`" for column in columns)
            sql = f"SELECT {select} FROM (SELECT * FROM {name}.{table})"
            for block in client.stream(sql, {}, f"backup {table}", ROWS, door=client.get_url()):
                saved += len(block)
                yield [list(values) for values in zip(*block, strict=True)]

        heads = [[column.name, column.kind] for column in columns]
        packed.write(folder / "clickhouse" / f"{table}.msgpack.zst", chain_head(heads, blocks()))
        if saved != expected:
            raise BackupError(f"The table {table} has {expected} rows, but {saved} could be read.")


def chain_head(head: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield head
    yield from rest


def exists() -> bool:
    bootstrap = client.connect(database="")
    try:
        return (settings.CLICKHOUSE_DATABASE,) in bootstrap.execute("SHOW DATABASES")
    finally:
        bootstrap.disconnect()


def is_empty() -> bool:
    return not any(map(count, tables()))


def clear() -> None:
    for table in tables():
        client.command(f"TRUNCATE TABLE {table}")


@contextmanager
def views_away() -> Iterator[None]:
    """What the views made of the events is in the backup itself; made again, it would count twice."""
    names = views()
    for name in names:
        client.command(f"DETACH TABLE {name}")
    try:
        yield
    finally:
        for name in names:
            client.command(f"ATTACH TABLE {name}")


@contextmanager
def merges_stopped(names: list[str]) -> Iterator[None]:
    """Until they are counted: a merge folds rows, and drops those whose time is over."""
    for name in names:
        client.command(f"SYSTEM STOP MERGES {name}")
    try:
        yield
    finally:
        for name in names:
            with suppress(client.StoreError):
                client.command(f"SYSTEM START MERGES {name}")


def load_table(path: Path, table: str) -> None:
    records = packed.read(path)
    columns = [Column(*head) for head in next(records)]
    there = {column.name for column in columns_of(table)}
    if missing := [column.name for column in columns if column.name not in there]:
        raise BackupError(f"The table {table} has no column {', '.join(missing)}.")
    shape = ", ".join(f"`{column.name}` {column.wire}" for column in columns)
    values = ", ".join(column.back() for column in columns)
    names = ", ".join(column.name for column in columns)
    for block in records:
        sql = f"INSERT INTO {table} ({names}) SELECT {values} FROM input('{escaped(shape)}') FORMAT Native"
        client.put(sql, block, TAKEN)


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def load(folder: Path, expected: dict[str, int]) -> None:
    """Into empty tables. Raises BackupError if the rows that arrived are not those that were saved."""
    if unknown := sorted(set(expected) - set(tables())):
        raise BackupError(f"This version has no table {', '.join(unknown)}.")
    with views_away(), merges_stopped(list(expected)):
        for table, rows in expected.items():
            load_table(folder / "clickhouse" / f"{table}.msgpack.zst", table)
            if (found := count(table)) != rows:
                raise BackupError(f"The table {table} should have {rows} rows, but has {found}.")
