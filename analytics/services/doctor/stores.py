"""The stores: reachable, set as durability needs it, migrated, and not behind."""

from collections.abc import Iterator

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from analytics.clickhouse import client, migrate, users
from analytics.services.backlog import buffer_store, get_waiting
from analytics.services.doctor.finding import Finding, bad, ok, warn

OLDEST_CLICKHOUSE = (25, 3)
SLOW_SECONDS = 60.0
BUFFER_NEEDS = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}


def find_database() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    executor = MigrationExecutor(connection)
    pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if pending:
        yield bad(
            "database", f"{pending} migrations are not applied.", "Run `manage.py migrate`; it makes a backup first."
        )
    else:
        yield ok("database", f"{connection.display_name}, migrated.")


def find_buffer() -> Iterator[Finding]:
    store = buffer_store()
    try:
        told = {name: store.config_get(name).get(name, "?") for name in BUFFER_NEEDS}
    except redis.ResponseError as error:
        yield warn("buffer", f"Its settings cannot be read ({error}).", "Allow CONFIG GET, or check them yourself.")
        return
    wrong = {name: value for name, value in told.items() if value != BUFFER_NEEDS[name]}
    for name, value in wrong.items():
        text = f"The buffer has {name} {value!r}: acknowledged events may get lost."
        yield bad("buffer", text, f"Set {name} {BUFFER_NEEDS[name]} in its configuration.")
    if not wrong:
        yield ok("buffer", f"{store.info('server').get('server_name', 'redis')} keeps what it acknowledges.")
    memory = store.info("memory")
    if memory["maxmemory"] and memory["used_memory"] > 0.8 * memory["maxmemory"]:
        yield warn("buffer", "More than 80 % of its memory is used.", "Raise maxmemory (VALKEY_MEMORY in docker/.env).")


def find_clickhouse() -> Iterator[Finding]:
    version = str(client.command("SELECT version()")[0][0])
    if tuple(map(int, version.split(".")[:2])) < OLDEST_CLICKHOUSE:
        text = f"ClickHouse {version} is older than {'.'.join(map(str, OLDEST_CLICKHOUSE))}."
        yield bad("clickhouse", text, "Upgrade the ClickHouse server.")
    else:
        yield ok("clickhouse", f"ClickHouse {version}.")
    applied = dict(client.command("SELECT name, checksum FROM migrations"))
    pending = set(migrate.names()) - set(applied)
    unknown = set(applied) - set(migrate.names())
    if unknown:
        yield bad("clickhouse", "Its tables are of a newer version.", "Run the version of Footfall that made them.")
    elif pending:
        yield bad("clickhouse", f"{len(pending)} migrations are not applied.", "Run `manage.py migrate`.")
    else:
        yield ok("clickhouse", f"All {len(applied)} migrations are applied.")


def find_rights() -> Iterator[Finding]:
    if client.get_reader_url() == client.get_url():
        text = "Reports read as the user who may also write; only the setting `readonly` protects the tables."
        mend = "Let CLICKHOUSE_URL's user create users and run `manage.py migrate`, or set CLICKHOUSE_READER_URL."
        yield warn("rights", text, mend)
    elif users.can_reader_write():
        yield bad("rights", "The reader holds more than SELECT.", "Revoke the rest from CLICKHOUSE_READER_URL's user.")
    else:
        yield ok("rights", "Reports read as a user who can only SELECT.")


def find_backlog() -> Iterator[Finding]:
    waiting = get_waiting()
    oldest = max((w.seconds for w in waiting if w.requests), default=0.0)
    requests = sum(w.requests for w in waiting)
    if oldest > SLOW_SECONDS:
        text = f"{requests} requests wait in the buffer, the oldest for {oldest:.0f} s."
        yield bad("backlog", text, "Start the worker; see its log, and whether ClickHouse is slow or away.")
    else:
        yield ok("backlog", f"{requests} requests wait in the buffer.")
    if settings.REDIS_URL and settings.CLICKHOUSE_URL and requests > 100_000:
        yield warn("backlog", "The buffer is a fifth full.", "Run more workers, or raise INGEST_PARTITIONS.")
