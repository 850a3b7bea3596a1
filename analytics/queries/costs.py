"""What a site's reports cost ClickHouse, counted by report and hour in the cache: the server's own query log is switched off
on small machines. Kept for two days; losing it loses nothing else."""

import logging
import time
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings

log = logging.getLogger(__name__)
HOUR, KEPT = 3600, 48 * 3600
FIELDS = ("queries", "ms", "rows", "bytes", "failed", "slowest")
RAISE = """
if tonumber(ARGV[2]) > tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0') then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
"""
_store: Any = None


@dataclass(frozen=True, slots=True)
class Spent:
    """Of one report in the hours asked about. `slowest` and `ms` in milliseconds, `ms` of all queries together."""

    report: str
    queries: int
    ms: int
    rows: int
    bytes: int
    failed: int
    slowest: int

    @property
    def mean_ms(self) -> int:
        return round(self.ms / self.queries) if self.queries else 0


def store() -> Any:
    global _store
    if _store is None:
        _store = redis.Redis.from_url(settings.BUFFER_URL, socket_timeout=0.5, socket_connect_timeout=0.5)
    return _store


def key_of(site_id: int, hour: int) -> str:
    return f"{settings.REDIS_PREFIX}:costs:{site_id}:{hour}"


def count(site_id: int, report: str, seconds: float, rows: int, size: int, failed: bool = False) -> None:
    """Never fails: what cannot be counted is not."""
    ms = round(seconds * 1000)
    try:
        key, batch = key_of(site_id, int(time.time()) // HOUR), store().pipeline(transaction=False)
        for field, amount in (("queries", 1), ("ms", ms), ("rows", rows), ("bytes", size), ("failed", int(failed))):
            batch.hincrby(key, f"{report}|{field}", amount)
        batch.eval(RAISE, 1, key, f"{report}|slowest", ms)
        batch.expire(key, KEPT)
        batch.execute()
    except redis.RedisError as error:
        log.debug("A query's cost is not counted: %s", error)


def get_spent(site_id: int, hours: int = 24) -> list[Spent]:
    """The costliest first. Raises redis.RedisError."""
    hour = int(time.time()) // HOUR
    batch = store().pipeline(transaction=False)
    for back in range(hours):
        batch.hgetall(key_of(site_id, hour - back))
    sums: dict[str, dict[str, int]] = {}
    for found in batch.execute():
        for name, amount in found.items():
            report, _, field = name.decode().rpartition("|")
            known = sums.setdefault(report, dict.fromkeys(FIELDS, 0))
            known[field] = max(known[field], int(amount)) if field == "slowest" else known[field] + int(amount)
    return sorted((Spent(report, **fields) for report, fields in sums.items()), key=lambda one: -one.ms)
