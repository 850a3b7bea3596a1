"""What waits in the buffer: for /metrics and for a site's health page."""

import time
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings


def buffer_store() -> Any:
    return redis.Redis.from_url(settings.BUFFER_URL, socket_timeout=3, socket_connect_timeout=3)


@dataclass(frozen=True, slots=True)
class Waiting:
    partition: str
    requests: int
    seconds: float  # since the oldest of them came


def get_waiting() -> list[Waiting]:
    """Raises redis.RedisError."""
    store, found = buffer_store(), []
    for partition in [*map(str, range(settings.INGEST_PARTITIONS)), "kept"]:
        stream = f"{settings.REDIS_PREFIX}:stream:{partition}"
        oldest = store.xrange(stream, count=1)
        since = int(oldest[0][0].split(b"-")[0]) / 1000 if oldest else time.time()
        found.append(Waiting(partition, store.xlen(stream), max(0.0, time.time() - since)))
    return found
