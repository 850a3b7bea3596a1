"""Rejected events and bots, which are kept as they came: the ids in them are read and hashed, and compared."""

from collections.abc import Iterator
from typing import Any

from analytics.clickhouse import client
from analytics.privacy.reach import Reach
from analytics.privacy.removal import delete
from ingestion.named import ids_in

ROW = "sipHash64(payload, context)"
MAY_NAME = (
    "position(payload, 'user_id') > 0 OR position(payload, 'device_id') > 0 OR reason = 'not_storable'"
    " OR position(payload, '\\\\u') > 0"  # before 2026-12 escapes were kept
    " OR toUInt64OrZero(JSONExtractString(context, 'visitor_id')) IN ($visitor)"
)


def is_of(reach: Reach, payload: str) -> bool:
    if any(reach.subject.is_named(text) for text in ids_in(payload)):
        return True
    # What the writer had put aside is a row already, with hashes.
    written = {*map(str, reach.subject.persons | reach.subject.devices), *reach.subject.users}
    return any(text in payload for text in written)


def rows_of(table: str, reach: Reach) -> Iterator[tuple[int, Any, str, str]]:
    sql = reach.fill(
        f"SELECT {ROW}, received_at, reason, payload,"
        " toUInt64OrZero(JSONExtractString(context, 'visitor_id')) IN ($visitor)"
        f" FROM {table} WHERE site_id = {{site:UInt32}} AND ({MAY_NAME})"
    )
    for block in client.stream(sql, reach.params, f"site={reach.site_id} report=privacy", 500):
        reach.beat()
        for row, received, reason, payload, is_visitor in block:
            if is_visitor or is_of(reach, payload):
                yield row, received, reason, payload


def find(table: str, reach: Reach) -> int:
    return sum(1 for _ in rows_of(table, reach))


def erase(table: str, reach: Reach) -> None:
    reach.add("kept", {row for row, *_ in rows_of(table, reach)})
    delete(reach, table, f"site_id = {{site:UInt32}} AND {ROW} IN ($kept)")


def export(table: str, reach: Reach) -> Iterator[dict[str, Any]]:
    for _, received, reason, payload in rows_of(table, reach):
        yield {"received_at": received.isoformat(), "reason": reason, "payload": payload}
