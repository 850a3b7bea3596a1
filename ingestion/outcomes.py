"""The counted outcomes, from Valkey (where they are added up with the push itself) into ClickHouse."""

from datetime import UTC, datetime

from analytics.clickhouse import client
from ingestion import buffer

COLUMNS = ("site_id", "minute", "outcome", "reason", "events")
Count = tuple[int, datetime, str, str, int]


def counts_of(minute: int) -> list[Count]:
    at = datetime.fromtimestamp(minute * 60, UTC)
    counts: list[Count] = []
    for name, number in buffer.connection().hgetall(buffer.key("outcomes", minute)).items():
        site_id, outcome, reason = name.decode().split("|")
        counts.append((int(site_id), at, outcome, reason, int(number)))
    return counts


def do_flush_outcomes() -> int:
    """Write the minutes that changed. The table keeps the largest number, so writing one again is harmless."""
    store, changed = buffer.connection(), buffer.key("outcomes")
    minutes = [int(raw) for raw in store.smembers(changed)]
    if not minutes:
        return 0
    store.srem(changed, *minutes)
    try:
        counts = [count for minute in minutes for count in counts_of(minute)]
        if counts:
            client.insert("ingest_outcomes", COLUMNS, list(zip(*counts, strict=True)), token="")
    except client.StoreError:
        store.sadd(changed, *minutes)
        raise
    return len(counts)
