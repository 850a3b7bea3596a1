"""What Valkey holds and nothing else does: events that wait for the writer, known event ids, sessions, counters.

Saved by meaning and not as the server's own dump, so that a Redis or Valkey of another version can take it.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from analytics.services.backup import packed
from ingestion import buffer, outcomes
from ingestion.pipeline import event_hash
from ingestion.row import Row

FILE = "waiting.msgpack.zst"
PAGE = 1000
MINUTES = 2880  # outcomes live for 48 hours
# What is worth nothing later, and what the cut itself takes care of.
LEFT_OUT = {"cache", "celery", "lease", "manifest", "outcomes", "pause", "rate", "stream", "wake"}
Record = list[Any]  # kind, key without prefix, milliseconds since 1970 when it ends (0: never), value
_rows = msgspec.msgpack.Decoder(list[Row])


def names() -> list[str]:
    """Keys, without the prefix, of what is neither stream nor counter."""
    prefix = buffer.key("")
    found = (raw.decode().removeprefix(prefix) for raw in buffer.connection().scan_iter(f"{prefix}*", count=PAGE))
    return sorted({name for name in found if name.split(":")[0] not in LEFT_OUT})


READERS = {b"string": "get", b"hash": "hgetall", b"set": "smembers", b"list": "lrange", b"zset": "zrange"}


def keys_of(some: list[str]) -> Iterator[Record]:
    full = [buffer.key(name) for name in some]
    asked = buffer.connection().pipeline(transaction=False)
    for name in full:
        asked.type(name)
        asked.pexpiretime(name)
    answers = asked.execute()
    kinds, ends = answers[::2], answers[1::2]
    asked = buffer.connection().pipeline(transaction=False)
    for name, kind in zip(full, kinds, strict=True):
        if kind == b"zset":
            asked.zrange(name, 0, -1, withscores=True)
        elif kind == b"list":
            asked.lrange(name, 0, -1)
        else:
            getattr(asked, READERS.get(kind, "exists"))(name)
    for name, kind, end, value in zip(some, kinds, ends, asked.execute(), strict=True):
        if kind in READERS:
            plain = list(value.items()) if kind == b"hash" else list(value) if kind != b"string" else value
            yield [kind.decode(), name, max(0, end), plain]


def cut() -> tuple[dict[buffer.Key, str], list[Record]]:
    """In one step: the last entry of each stream, and the counters as of this moment (a push adds to both in one step)."""
    now, partitions = int(time.time() // 60), buffer.all_partitions()
    minutes = range(now - MINUTES, now + 2)
    step = buffer.connection().pipeline(transaction=True)
    for partition in partitions:
        step.xrevrange(buffer.stream(partition), count=1)
    for minute in minutes:
        step.hgetall(buffer.key("outcomes", minute))
    step.hgetall(buffer.key("outcomes", "total"))
    answers = step.execute()
    last = {p: entries[0][0].decode() for p, entries in zip(partitions, answers, strict=False) if entries}
    counted = zip([*minutes, "total"], answers[len(partitions) :], strict=True)
    hashes: list[Record] = []
    for minute, values in counted:
        end = 0 if minute == "total" else (int(minute) + MINUTES) * 60_000
        if values:
            hashes.append(["hash", f"outcomes:{minute}", end, list(values.items())])
    hashes.append(["set", "outcomes", 0, [str(h[1]).split(":")[1] for h in hashes if h[1] != "outcomes:total"]])
    return last, [record for record in hashes if record[3]]


def entries_of(partition: buffer.Key, last: str) -> Iterator[Record]:
    start = "-"
    while page := buffer.connection().xrange(buffer.stream(partition), start, last, count=PAGE):
        yield ["stream", f"stream:{partition}", 0, [[entry, list(fields.items())] for entry, fields in page]]
        start = f"({page[-1][0].decode()}"


def save(folder: Path) -> dict[str, int]:
    """The writers are paused. Known ids are read before the cut: those that arrive in between are in the streams."""
    counts: dict[str, int] = {"keys": 0}

    def records() -> Iterator[Record]:
        found = names()
        for start in range(0, len(found), PAGE):
            for record in keys_of(found[start : start + PAGE]):
                counts["keys"] += 1
                yield record
        last, hashes = cut()
        yield from hashes
        for partition in buffer.all_partitions():
            counts[str(partition)] = 0
            for record in entries_of(partition, last[partition]) if partition in last else ():
                counts[str(partition)] += len(record[3])
                yield record

    packed.write(folder / FILE, records())
    return counts


def is_empty() -> bool:
    return not any(map(buffer.backlog, buffer.all_partitions())) and not names()


def clear() -> None:
    store = buffer.connection()
    for raw in store.scan_iter(f"{buffer.key('')}*", count=PAGE):
        if raw.decode().removeprefix(buffer.key("")).split(":")[0] not in ("celery", "cache"):
            store.delete(raw)


def put(pipe: Any, record: Record) -> None:
    kind, name, end, value = record
    name = buffer.key(name)
    if kind == "stream":
        for entry, fields in value:
            pipe.xadd(name, dict(fields), id=entry)
        return
    if kind == "string":
        pipe.set(name, value)
    elif kind == "hash":
        pipe.hset(name, mapping=dict(value))
    elif kind == "set":
        pipe.sadd(name, *value)
    elif kind == "zset":
        pipe.zadd(name, dict(value))
    else:
        pipe.rpush(name, *value)
    if end:
        pipe.pexpireat(name, end)


def put_known_ids(pipe: Any, record: Record) -> None:
    """The ids of the events in the streams, as PUSH remembers them."""
    if record[0] != "stream" or record[1] == f"stream:{buffer.KEPT}":
        return
    for entry, fields in record[3]:
        generation = int(entry.split(b"-")[0]) // 1000 // buffer.GENERATION_SECONDS
        for row in _rows.decode(fields[0][1]):
            number = str(event_hash(row))
            name = buffer.key("seen", generation, number[-3:])
            pipe.sadd(name, number)
            pipe.expireat(name, (generation + 4) * buffer.GENERATION_SECONDS)


def load(folder: Path) -> dict[str, int]:
    """What was loaded, counted as in `save`. Keys whose time is over are counted and left out."""
    counts = {"keys": 0} | {str(partition): 0 for partition in buffer.all_partitions()}
    now, pipe = int(time.time() * 1000), buffer.connection().pipeline(transaction=False)
    for record in packed.read(folder / FILE):
        kind, name, end, value = record
        if not end or end > now:
            put(pipe, record)
            put_known_ids(pipe, record)
        if len(pipe) >= PAGE:
            pipe.execute()
        if kind == "stream":
            partition = name.split(":")[1]
            counts[partition] = counts.get(partition, 0) + len(value)
        elif not name.startswith("outcomes"):
            counts["keys"] += 1
    pipe.execute()
    outcomes.do_flush_outcomes()
    return counts
