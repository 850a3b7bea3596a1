"""Moving stored events into other sessions. The session is in the sort key, so the rows are written anew beside the table,
moved in as whole parts (which wakes no view), and the old ones are deleted; what the views made of them follows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from analytics.clickhouse import client
from analytics.clickhouse.columns import ACQUISITION
from analytics.clickhouse.views import BY_SESSION, select_of_view

BETWEEN = (
    " AND timestamp >= fromUnixTimestamp64Milli({since:Int64}) AND timestamp <= fromUnixTimestamp64Milli({until:Int64})"
)
# What each table is sorted by, so that a deletion reads the days that it is about; a session's stamp lies within a day of it.
MOMENTS = {
    "events": "timestamp", "sessions": "session_start", "visits": "bucket", "rare_events": "timestamp",
    "events_recent": "timestamp",
}  # fmt: skip
AROUND = (
    " AND {moment} >= fromUnixTimestamp64Milli({{since:Int64}}) - INTERVAL 1 DAY"
    " AND {moment} <= fromUnixTimestamp64Milli({{until:Int64}}) + INTERVAL 1 DAY"
)


class Piece(NamedTuple):
    """Of an old session, what lies from one moment to another (ms, both included) goes into a new one."""

    old: int
    since: int
    until: int
    session: int
    stamp: int  # of the new one
    acquisition: tuple[str, ...]
    events: int


@dataclass(frozen=True)
class Move:
    """What is moved: with the two tables beside events enough to finish it after a crash. Times in ms.

    Ids stand in a table and not in statements, of which the server keeps the text (mutations).
    """

    name: str  # of the table beside events; a second move under the same name ends what the first left
    site_id: int
    since: int
    until: int

    @property
    def params(self) -> dict[str, int]:
        return {"site": self.site_id, "since": self.since, "until": self.until}

    @property
    def old(self) -> str:
        return f"site_id = {{site:UInt32}} AND session_id IN (SELECT old FROM {self.name}_pieces)"

    @property
    def new(self) -> str:
        return f"site_id = {{site:UInt32}} AND session_id IN (SELECT session FROM {self.name}_pieces)"


def drop(name: str) -> None:
    for table in (name, f"{name}_pieces"):
        client.command(f"DROP TABLE IF EXISTS {table} SYNC")


def do_prepare(move: Move, pieces: list[Piece]) -> bool:
    """Write the rows anew beside the table. False, and nothing has been changed, when they are not as many as the pieces say
    or as `drop_old` would delete: then some would have no copy."""
    drop(move.name)
    told = ", ".join(f"{name} String" for name in ACQUISITION)
    client.command(f"CREATE TABLE {move.name} AS events")
    client.command(
        f"CREATE TABLE {move.name}_pieces (old UInt64, since Int64, until Int64, session UInt64, stamp Int64, {told})"
        " ENGINE = MergeTree ORDER BY old"
    )
    columns = [list(column) for column in zip(*((*one[:5], *one.acquisition) for one in pieces), strict=True)]
    client.insert(f"{move.name}_pieces", ["old", "since", "until", "session", "stamp", *ACQUISITION], columns, token="")
    replaced = ", ".join(f"p.{name} AS {name}" for name in ACQUISITION)
    client.command(
        f"INSERT INTO {move.name} SELECT e.* REPLACE (p.session AS session_id,"
        f" fromUnixTimestamp64Milli(p.stamp, 'UTC') AS session_start, {replaced})"
        f" FROM (SELECT * FROM events WHERE {move.old}{BETWEEN}) AS e"
        f" INNER JOIN {move.name}_pieces AS p ON e.session_id = p.old"
        " WHERE toUnixTimestamp64Milli(e.timestamp) BETWEEN p.since AND p.until",
        move.params,
    )
    copied = client.command(f"SELECT count() FROM {move.name}")[0][0]
    going = client.command(f"SELECT count() FROM events WHERE {going_of(move, 'events')}", move.params)[0][0]
    return bool(copied == going == sum(one.events for one in pieces))


def finish_steps(move: Move) -> Iterator[Callable[[], None]]:
    """What is left to do once the rows are prepared; each step, and all of them, may be repeated until `drop`. The deletions
    go on in the background after it (`deleting`)."""
    yield lambda: put_parts(move)
    for table in BY_SESSION:
        yield lambda table=table: put_view(move, table)  # type: ignore[misc]
    yield lambda: drop_old(move)


def put_parts(move: Move) -> None:
    parts = client.command(
        "SELECT DISTINCT partition_id FROM system.parts WHERE database = currentDatabase() AND table = {name:String}"
        " AND active",
        {"name": move.name},
    )
    for (partition,) in parts:
        client.command(f"ALTER TABLE {move.name} MOVE PARTITION ID '{partition}' TO TABLE events")


# When a row came into it: how fresh the data is, is told from that (analytics/queries/sql/health_freshness.sql).
SEEN = (
    "SELECT m.*, if(w.seen = 0, now(), w.seen) AS inserted_at FROM ({made}) AS m LEFT JOIN ("
    " SELECT received_at, timestamp, min(inserted_at) AS seen FROM events_recent WHERE {old} GROUP BY received_at, timestamp"
    ") AS w ON w.received_at = m.received_at AND w.timestamp = m.timestamp"
)


def put_view(move: Move, table: str) -> None:
    """The token makes it happen once: one block, and so one part for each month."""
    made = select_of_view(table, move.new + BETWEEN)
    if table == "events_recent":
        made = SEEN.format(made=made, old=move.old)
    columns = [row[0] for row in client.command(f"DESCRIBE TABLE ({made})", move.params)]
    first = client.command(f"SELECT min(session) FROM {move.name}_pieces")[0][0]
    client.command(
        f"INSERT INTO {table} ({', '.join(columns)}) SETTINGS insert_deduplication_token = 'move:{first}:{table}',"
        " insert_deduplicate = 1, max_threads = 1, max_insert_threads = 1, min_insert_block_size_rows = 100000000,"
        f" min_insert_block_size_bytes = 0 SELECT * FROM ({made})",
        move.params,
    )


def going_of(move: Move, table: str) -> str:
    return f"{move.old}{AROUND.format(moment=MOMENTS[table])}"


def drop_old(move: Move) -> None:
    """From all tables at once, since each waits for its turn in the background."""
    for table in MOMENTS:
        condition = going_of(move, table)
        if client.command(f"SELECT count() FROM {table} WHERE {condition}", move.params)[0][0]:
            client.command(f"DELETE FROM {table} WHERE {condition} SETTINGS lightweight_deletes_sync = 0", move.params)


def deleting() -> bool:
    pending = client.command(
        "SELECT table, latest_fail_reason FROM system.mutations WHERE database = currentDatabase()"
        " AND table IN {tables:Array(String)} AND NOT is_done",
        {"tables": list(MOMENTS)},
    )
    for table, reason in pending:
        if reason:
            raise client.StoreError(f"ClickHouse cannot delete from {table}: {reason[:200]}")
    return bool(pending)


def put_watermark(move: Move) -> None:
    """Answers that were given from before count as old (analytics/queries/days.py)."""
    client.command(
        "INSERT INTO traffic_15m (site_id, bucket, watermark) SELECT {site:UInt32},"
        " toStartOfInterval(fromUnixTimestamp64Milli({since:Int64}, 'UTC'), INTERVAL 15 MINUTE),"
        " max(watermark) + INTERVAL 1 MILLISECOND FROM traffic_15m WHERE site_id = {site:UInt32}",
        move.params,
    )
