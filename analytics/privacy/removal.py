"""Removing rows from ClickHouse for good: a mutation, and the end of the parts that held them."""

import time
from collections.abc import Callable
from typing import Any

from analytics.clickhouse import client
from analytics.privacy.reach import Reach

# How long a part that was replaced stays on disk. Long enough for the new one to be written out, should the power fail.
KEPT_SECONDS = 45
PATIENCE = 1200.0
TAG = "report=privacy"


class NotYet(Exception):
    """It cannot be finished now; it is tried again soon. The text is fit to be shown."""


def wait_for(done: Callable[[], bool], what: str, beat: Callable[[], None], patience: float = 0) -> None:
    until, pause = time.monotonic() + (patience or PATIENCE), 0.02
    while not done():
        if time.monotonic() > until:
            raise NotYet(f"Waiting for {what}.")
        beat()
        time.sleep(pause)
        pause = min(pause * 1.5, 1.0)


def pending(table: str) -> list[tuple[Any, ...]]:
    return client.command(
        "SELECT latest_fail_reason FROM system.mutations"
        " WHERE database = currentDatabase() AND table = {table:String} AND NOT is_done",
        {"table": table},
    )


def wait_for_mutations(table: str, beat: Callable[[], None]) -> None:
    def done() -> bool:
        left = pending(table)
        for (reason,) in left:
            if reason:
                raise client.StoreError(f"ClickHouse cannot change {table}: {reason[:200]}")
        return not left

    wait_for(done, f"ClickHouse to change {table}", beat)


def delete(reach: Reach, table: str, condition: str) -> None:
    """All rows that meet the condition. What a worker that died had begun is waited for first."""
    wait_for_mutations(table, reach.beat)
    if reach.count(table, condition):
        client.command(f"ALTER TABLE {table} DELETE WHERE {reach.fill(condition)}", reach.params)
        wait_for_mutations(table, reach.beat)


def apply_masks(table: str, beat: Callable[[], None]) -> None:
    """Rows deleted by `DELETE FROM` are only masked until this."""
    masked = client.command(
        "SELECT count() FROM system.parts WHERE database = currentDatabase() AND table = {table:String}"
        " AND active AND has_lightweight_delete",
        {"table": table},
    )[0][0]
    if masked:
        client.command(f"ALTER TABLE {table} APPLY DELETED MASK")
        wait_for_mutations(table, beat)


def old_parts(tables: list[str], until: int) -> int:
    """Parts that were replaced by then and are still on disk."""
    return int(
        client.command(
            "SELECT count() FROM system.parts WHERE database = currentDatabase() AND has({tables:Array(String)}, table)"
            " AND NOT active AND toUnixTimestamp(remove_time) <= {until:UInt64}",
            {"tables": tables, "until": until},
        )[0][0]
    )


def end_old_parts(tables: list[str], beat: Callable[[], None]) -> None:
    """Wait until no part is left that still held what was deleted. Where the server keeps such parts longer than is needed,
    the tables do not meanwhile."""
    until = int(client.read("SELECT toUnixTimestamp(now())", {}, TAG)[0][0])
    kept = client.command("SELECT toUInt64(value) FROM system.merge_tree_settings WHERE name = 'old_parts_lifetime'")
    too_long = [table for table in tables if kept[0][0] > KEPT_SECONDS and old_parts([table], until)]
    for table in too_long:
        client.command(f"ALTER TABLE {table} MODIFY SETTING old_parts_lifetime = {KEPT_SECONDS}")
    wait_for(lambda: not old_parts(tables, until), "ClickHouse to remove what was deleted from its disk", beat)
    for table in tables if kept[0][0] > KEPT_SECONDS else ():  # also what a killed worker had set
        client.command(f"ALTER TABLE {table} RESET SETTING old_parts_lifetime")
