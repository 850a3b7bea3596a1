"""People, teams, sites, keys: SQLite by its online backup, Postgres by COPY in one snapshot.

COPY and not pg_dump: the container has none, it must be as new as the server, and the schema is Django's to make anyway.
What must not outlive its time stays out: salts (with them, visitors could be recomputed) and log-ins.
"""

import json
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import zstandard
from django.apps import apps
from django.conf import settings
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from analytics.services.backup.manifest import BackupError

LEFT_OUT = ("ingestion_salt", "django_session")
SQLITE_FILE = "footfall.sqlite3"
COPIES = "postgres"
# Rows that `migrate` makes by itself.
MADE_BY_MIGRATE = {"django_migrations", "django_content_type", "auth_permission", "services_store"}


def kind() -> str:
    return str(connection.vendor)


def tables() -> list[str]:
    return sorted(connection.introspection.table_names())


def rows_of(names: Iterable[str]) -> dict[str, int]:
    counts = {}
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")
            counts[name] = int(cursor.fetchone()[0])
    return counts


def migrations() -> list[tuple[str, str]]:
    return sorted(MigrationRecorder(connection).applied_migrations())


def save(folder: Path) -> dict[str, int]:
    if kind() == "sqlite":
        return save_sqlite(folder / SQLITE_FILE)
    return save_postgres(folder / COPIES)


def save_sqlite(path: Path) -> dict[str, int]:
    connection.ensure_connection()
    source: sqlite3.Connection = connection.connection
    target = sqlite3.connect(path)
    try:
        path.chmod(0o600)
        source.backup(target)
        names = [name for (name,) in target.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in LEFT_OUT:
            if name in names:
                target.execute(f'DELETE FROM "{name}"')
        target.commit()
        target.execute("PRAGMA journal_mode = DELETE")
        target.execute("VACUUM")
        return {
            name: target.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for name in sorted(names)
            if not name.startswith("sqlite_")
        }
    finally:
        target.close()


def save_postgres(folder: Path) -> dict[str, int]:
    folder.mkdir()
    counts: dict[str, int] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for name in tables():
            if name in LEFT_OUT:
                counts[name] = 0
                continue
            columns = columns_of(cursor, name)
            (folder / f"{name}.json").write_text(json.dumps(columns))
            copy_out(cursor, name, columns, folder / f"{name}.copy.zst")
            cursor.execute(f"SELECT count(*) FROM {quoted(name)}")
            counts[name] = int(cursor.fetchone()[0])
    return counts


def quoted(name: str) -> str:
    return str(connection.ops.quote_name(name))


def columns_of(cursor: Any, table: str) -> list[str]:
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = %s"
        " AND is_generated = 'NEVER' ORDER BY ordinal_position",
        [table],
    )
    return [name for (name,) in cursor.fetchall()]


def copy_out(cursor: Any, table: str, columns: list[str], path: Path) -> None:
    listed = ", ".join(map(quoted, columns))
    with (
        path.open("wb") as file,
        zstandard.ZstdCompressor().stream_writer(file) as packed,
        cursor.cursor.copy(f"COPY {quoted(table)} ({listed}) TO STDOUT") as copy,
    ):
        for part in copy:
            packed.write(part)


def check(folder: Path) -> None:
    """That the file can be read at all, before anything is changed."""
    if kind() != "sqlite":
        return
    try:
        probe = sqlite3.connect(f"file:{folder / SQLITE_FILE}?mode=ro", uri=True)
        found = probe.execute("PRAGMA integrity_check").fetchone()[0]
        probe.close()
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise BackupError(f"The SQLite file of the backup is damaged: {found}.")


def is_empty() -> bool:
    present = set(tables())
    people = {model._meta.db_table for model in apps.get_models()} - MADE_BY_MIGRATE - set(LEFT_OUT)
    return not any(rows_of(sorted(people & present)).values())


def load(folder: Path, applied: list[tuple[str, str]]) -> None:
    """In place of what is there, in the schema that the backup has; `migrate` brings it on from there."""
    if kind() == "sqlite":
        load_sqlite(folder / SQLITE_FILE)
    else:
        load_postgres(folder / COPIES, applied)


def load_sqlite(path: Path) -> None:
    target = Path(str(settings.DATABASES["default"]["NAME"]))
    connection.close()
    new = target.with_suffix(".restored")
    new.write_bytes(path.read_bytes())
    for suffix in ("-wal", "-shm"):
        Path(f"{target}{suffix}").unlink(missing_ok=True)
    os.replace(new, target)


def load_postgres(folder: Path, applied: list[tuple[str, str]]) -> None:
    """Tables of an empty database are made up to the backup's own migrations; those of another state are not touched."""
    executor = MigrationExecutor(connection)
    if not executor.loader.applied_migrations:
        executor.migrate(list(applied))
    if migrations() != sorted(applied):
        raise BackupError("The database has the tables of another version; restore into an empty database.")
    names = [path.name.removesuffix(".json") for path in sorted(folder.glob("*.json"))]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(map(quoted, tables()))} RESTART IDENTITY CASCADE")
        for name in names:
            copy_in(cursor, name, json.loads((folder / f"{name}.json").read_text()), folder / f"{name}.copy.zst")
        models = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table in names]
        for sql in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(sql)


def copy_in(cursor: Any, table: str, columns: list[str], path: Path) -> None:
    listed = ", ".join(map(quoted, columns))
    with (
        path.open("rb") as file,
        zstandard.ZstdDecompressor().stream_reader(file) as packed,
        cursor.cursor.copy(f"COPY {quoted(table)} ({listed}) FROM STDIN") as copy,
    ):
        while part := packed.read(1024 * 1024):
            copy.write(part)
