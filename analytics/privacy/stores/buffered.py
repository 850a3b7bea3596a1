"""Valkey: events that wait to be written, and the sessions of who was there lately."""

from collections.abc import Iterator
from typing import Any

import redis

from analytics.privacy.reach import Reach
from analytics.privacy.removal import wait_for
from ingestion import buffer, recut, writer
from ingestion.sessions import Session, decode, encode, state_key


def waits_until(partition: buffer.Key, last: bytes) -> bool:
    """Whether an entry up to `last` still waits."""
    return bool(buffer.connection().xrange(buffer.stream(partition), "-", last, count=1))


def do_write_queued(reach: Reach) -> int:
    """Everything that waits now is written, and then found like everything else. How many rows this process wrote."""
    store, written = buffer.connection(), 0
    for partition in buffer.all_partitions():
        newest = store.xrevrange(buffer.stream(partition), count=1)
        if not newest:
            continue
        last = newest[0][0]

        def done(partition: buffer.Key = partition, last: bytes = last) -> bool:
            nonlocal written
            written += writer.drain(partition, linger=0.0)
            return not waits_until(partition, last)

        wait_for(done, "the queued events to be written", reach.beat, 120)
    return written


def keys(reach: Reach) -> dict[int, str]:
    visitors = reach.ids_of("visitor", "device", "seen")
    return {visitor: state_key(reach.site_id, visitor) for visitor in visitors}


def states(reach: Reach) -> Iterator[tuple[str, list[Session], list[Session]]]:
    """(key, the sessions under it, those that stay): a session goes when nothing of it is left in events."""
    found = keys(reach)
    if not found:
        return
    left = reach.read(
        "SELECT DISTINCT session_id FROM events WHERE site_id = {site:UInt32} AND session_id IN ($touched)"
    )
    gone = reach.ids_of("touched") - {row[0] for row in left}
    whole = reach.ids_of("visitor", "device")
    for (visitor, key), raw in zip(found.items(), buffer.connection().mget(list(found.values())), strict=True):
        if raw:
            state = decode(raw)
            yield key, state, [] if visitor in whole else [one for one in state if one.id not in gone]


def doubts(reach: Reach) -> Iterator[tuple[str, list[str]]]:
    """The visitors whose sessions were to be cut again: (key, fields)."""
    fields = [f"{reach.site_id}:{visitor}" for visitor in keys(reach)]
    for partition in buffer.partitions() if fields else ():
        name = recut.doubts_key(partition)
        found = zip(fields, buffer.connection().hmget(name, fields), strict=True)
        yield name, [field for field, span in found if span is not None]


def find_states(reach: Reach) -> int:
    return sum(len(state) > len(kept) for _, state, kept in states(reach)) + sum(len(one) for _, one in doubts(reach))


def erase_states(reach: Reach) -> None:
    store = buffer.connection()
    for name, fields in doubts(reach):
        if fields:
            store.hdel(name, *fields)
    for key, state, kept in list(states(reach)):
        if not kept:
            store.delete(key)
        elif len(kept) < len(state):
            store.set(key, encode(kept), keepttl=True)


def export_states(reach: Reach) -> Iterator[dict[str, Any]]:
    for _, state, kept in states(reach):
        for one in state:
            if one not in kept:
                yield {"session_id": f"{one.id:x}", "start_ms": one.start, "end_ms": one.end}


def do_compact(beat: Any) -> None:
    """The file in which Valkey notes every change is written anew, without what was deleted."""
    store = buffer.connection()
    try:
        if not int(store.info("persistence").get("aof_enabled", 0)):
            return
        running = int(store.info("persistence")["aof_rewrite_in_progress"])
        wait_for(lambda: not rewriting(), "Valkey to rewrite its file", beat, 300) if running else None
        store.bgrewriteaof()
    except redis.ResponseError:  # a service that does not let its users do this
        return
    wait_for(lambda: not rewriting(), "Valkey to rewrite its file", beat, 600)


def rewriting() -> bool:
    told = buffer.connection().info("persistence")
    return bool(told["aof_rewrite_in_progress"] or told.get("aof_rewrite_scheduled"))
