"""The materialized views over events, as they stand in the database."""

import re

from analytics.clickhouse import client

# The tables that hold events once more by session: what changes the events of a session changes these as well.
BY_SESSION = ("sessions", "visits", "rare_events", "events_recent")


def select_of_view(table: str, condition: str) -> str:
    """The SELECT of the table's view, over the raw rows that meet the condition: what it would have written of them."""
    told = client.read(
        "SELECT as_select FROM system.tables WHERE database = currentDatabase() AND name = {name:String}",
        {"name": f"{table}_mv"},
        "report=views",
    )[0][0]
    rows = f"FROM (SELECT * FROM events WHERE {condition}) AS e"
    sql, replaced = re.subn(r"FROM (?:[`\w]+\.)?`?events`?(?: AS e)?(?=\s|$)", lambda _: rows, told, count=1)
    if replaced != 1:
        raise client.StoreError(f"The view of {table} is not understood.")
    return str(sql)
