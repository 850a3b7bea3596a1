"""Numbered SQL files, applied in order, each once, under a checksum."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from analytics.clickhouse import client, users

FOLDER = Path(__file__).parent / "migrations"


def statements(text: str) -> list[str]:
    plain = re.sub(r"^\s*--.*$|\s--\s.*$", "", text, flags=re.MULTILINE)
    return [part.strip() for part in plain.split(";") if part.strip()]


def names() -> list[str]:
    return sorted(path.name for path in FOLDER.glob("*.sql"))


def checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def ensure_database() -> dict[str, str]:
    """The applied migrations by name, in a database that is made when absent."""
    name = settings.CLICKHOUSE_DATABASE
    bootstrap = client.connect(database="")
    try:
        bootstrap.execute(f"CREATE DATABASE IF NOT EXISTS {name} ENGINE = Atomic")
        bootstrap.execute(
            f"CREATE TABLE IF NOT EXISTS {name}.migrations (name String, checksum String, applied_at DateTime"
            " DEFAULT now()) ENGINE = MergeTree ORDER BY name"
        )
    except client.ERRORS as error:
        raise client.StoreError(f"ClickHouse cannot be prepared: {str(error).splitlines()[0]}") from error
    finally:
        bootstrap.disconnect()
    return dict(client.command("SELECT name, checksum FROM migrations"))


def check_history(applied: dict[str, str], tables: int, expected: bool) -> None:
    """Refuse a database that is not ours, is newer than this code, or has lost what it held."""
    names = {path.name for path in FOLDER.glob("*.sql")}
    unknown = sorted(set(applied) - names)
    if unknown:
        raise client.StoreError(f"ClickHouse holds migrations that this version does not know: {', '.join(unknown)}.")
    if not applied and tables:
        raise client.StoreError(
            f"The ClickHouse database {settings.CLICKHOUSE_DATABASE!r} has tables that are not Footfall's."
            " Set CLICKHOUSE_DATABASE to another name."
        )
    if not applied and expected:
        raise client.StoreError(
            "ClickHouse is empty, but this installation has stored events before. Check CLICKHOUSE_URL and the volume,"
            " or run `manage.py migrate --new-clickhouse` to begin again without the old events."
        )


def do_migrate(report: Callable[[str], None], expected: bool, only: set[str] | None = None) -> None:
    """`expected`: the relational database says that ClickHouse has been migrated before. `only`: these and no others."""
    applied = ensure_database()
    tables = client.command(
        "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name != 'migrations'"
    )[0][0]
    check_history(applied, int(tables), expected)
    for path in sorted(FOLDER.glob("*.sql")):
        if applied.get(path.name, checksum(path)) != checksum(path):
            raise client.StoreError(f"The migration {path.name} was changed after it was applied.")
        if path.name in applied or (only is not None and path.name not in only):
            continue
        report(f"  ClickHouse: {path.stem}")
        for statement in statements(path.read_text()):
            client.command(re.sub(r"^CREATE (TABLE|MATERIALIZED VIEW) ", r"CREATE \1 IF NOT EXISTS ", statement))
        client.insert("migrations", ["name", "checksum"], [[path.name], [checksum(path)]], token=path.name)
    put_retention()
    if problem := users.ensure_reader():
        report(f"  ClickHouse: no reader of its own ({problem})")


def put_retention() -> None:
    """RETENTION_DAYS may change from one start to the next; the tables follow."""
    ttl = f"+ toIntervalDay({settings.RETENTION_DAYS})"
    for table, column in (
        ("events", "timestamp"),
        ("rare_events", "timestamp"),
        ("sessions", "session_start"),
        ("visits", "bucket"),
        ("traffic_15m", "bucket"),
        ("person_traits", "at"),
    ):
        created = client.command(
            "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = {name:String}",
            {"name": table},
        )
        if created and ttl not in created[0][0]:
            client.command(f"ALTER TABLE {table} MODIFY TTL toDateTime({column}) {ttl}")
