"""The durable buffer: Valkey streams with three verbs, push, take and ack.

`push_all` is a group commit: requests in flight share one pipelined round trip and, at the server, one fsync.
`take` hands out a batch under a manifest, `ack` ends it. What was not acked is taken again, exactly the same.
"""

import asyncio
import logging
import queue
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec
import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from ingestion.scripts import ACK, PUSH, TAKE

log = logging.getLogger(__name__)
GENERATION_SECONDS = 302_400  # event ids are remembered for the running half-week and the two before: 7 days and more
GROUP = 256
LINGER = 0.001  # seconds
MAX_ENTRIES = 500_000
METER_MS = 120_000
SHARED = 8  # a process keeps up to an eighth of a rate limit to itself
MERGED = 1000  # events in one script call
KEPT = "kept"  # the partition of rejected events and bots
Key = int | str


class BufferError(Exception):
    """The buffer did not take the events; the sender shall try again."""


class BufferFull(BufferError):
    pass


def closed_latch() -> Any:
    latch = threading.Lock()
    latch.acquire()
    return latch


@dataclass(slots=True)
class Push:
    """What one request adds to one partition, all of it or nothing."""

    partition: Key
    site_id: int
    minute: int
    events: list[tuple[int, bytes]] = field(default_factory=list)  # (63-bit hash of site and event_id, msgpack row)
    counts: dict[str, int] = field(default_factory=dict)  # "outcome|reason" -> events
    kept: list[bytes] = field(default_factory=list)  # msgpack rows of Kept
    note: str = ""  # the reason under which what is stored is counted: "" or "replayed"
    meters: dict[str, int] = field(default_factory=dict)  # rate limits: meter -> events (limits.py)
    duplicates: int = 0
    error: BufferError | None = None
    settled: bool = False
    latch: Any = None  # of a waiting thread: opens when settled; a Future would cost more than the event's way here
    waiter: "asyncio.Future[None] | None" = None  # of an event loop

    def settle(self) -> None:
        self.settled = True
        if self.latch:
            self.latch.release()


@dataclass(frozen=True, slots=True)
class Batch:
    partition: Key
    first: str
    last: str
    rows: list[list[object]]

    @property
    def token(self) -> str:
        return f"{self.partition}:{self.first}:{self.last}"


@cache
def connection() -> Any:
    """The store, typed as Any: redis-py's types leave every answer open between bytes and str, with and without await.

    One quick second try, for the connection that a restarted server has closed; event ids make it harmless."""
    return redis.Redis.from_url(
        settings.BUFFER_URL, socket_timeout=10, socket_connect_timeout=3, retry=Retry(NoBackoff(), 1)
    )


def key(*parts: object) -> str:
    return ":".join((settings.REDIS_PREFIX, *map(str, parts)))


def stream(partition: Key) -> str:
    return key("stream", partition)


def partitions() -> list[int]:
    return list(range(settings.INGEST_PARTITIONS))


def merged(items: list[Push]) -> list[list[Push]]:
    """Requests in flight that differ in nothing but their events go as one: a tenth of the work for small requests."""
    groups: dict[tuple[object, ...], list[Push]] = {}
    sizes: Counter[tuple[object, ...]] = Counter()
    full: list[list[Push]] = []
    for item in items:
        alike = (item.partition, item.site_id, item.minute, item.note)
        groups.setdefault(alike, []).append(item)
        sizes[alike] += len(item.events) + len(item.kept)
        if sizes[alike] >= MERGED:
            full.append(groups.pop(alike))
            del sizes[alike]
    return [*full, *groups.values()]


def script_args(group: list[Push]) -> list[object]:
    first, generation = group[0], int(time.time() // GENERATION_SECONDS)
    args: list[object] = [
        3, stream(first.partition), key("outcomes", first.minute), stream(KEPT),
        key("seen"), generation, GENERATION_SECONDS * 4, first.site_id, first.minute, key("outcomes"), MAX_ENTRIES,
        first.note, sum([len(item.events) for item in group]),
    ]  # fmt: skip
    counts: Counter[str] = Counter()
    for item in group:
        counts.update(item.counts)
        for event in item.events:
            args += event
    args.append(len(counts))
    for name, number in counts.items():
        args += (f"{first.site_id}|{name}", number)
    for item in group:
        args += item.kept
    return args


class RateTotals:
    """Events of the running minute by meter (limits.py), as the last commits of this process told them."""

    def __init__(self) -> None:
        self._minute = 0
        self._totals: dict[str, int] = {}  # of all processes, as far as this one knows
        self._own: dict[str, int] = {}  # of this process, not told to the others yet

    def of(self, meter: str, minute: int) -> int:
        return self._totals.get(meter, 0) + self._own.get(meter, 0) if minute == self._minute else 0

    def add(self, meter: str, minute: int, number: int, limit: int) -> int:
        """Count; how many to tell the other processes of. None while it is far from the limit, as nearly everybody is."""
        self._turn(minute)
        own = self._own.get(meter, 0) + number
        if own * SHARED < limit:
            self._own[meter] = own
            return 0
        self._own.pop(meter, None)
        return own

    def note(self, meter: str, minute: int, total: int) -> None:
        self._turn(minute)
        if minute == self._minute:
            self._totals[meter] = max(total, self._totals.get(meter, 0))

    def _turn(self, minute: int) -> None:
        if minute > self._minute or minute < self._minute - 2:  # the clock was set back
            self._minute, self._totals, self._own = minute, {}, {}


totals = RateTotals()


class Committer:
    """The thread of a process through which all its pushes go."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Push] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._script = ""  # PUSH as the store knows it

    def push_all(self, items: list[Push], timeout: float = 15.0) -> int:
        """The number of duplicates among the events, once all of it is durable. Raises BufferError.

        A request over several partitions may be refused after a part of it was taken: the sender sends all of it again,
        and the event ids make the part that was taken count once.
        """
        self._start()
        until = time.monotonic() + timeout
        for item in items:
            item.latch = closed_latch()
            self._queue.put(item)
        for item in items:
            if not item.latch.acquire(timeout=max(0.0, until - time.monotonic())):
                raise BufferError("The buffer did not answer in time.")
        return duplicates(items)

    async def push_in_loop(self, items: list[Push], timeout: float = 15.0) -> int:
        """The same for an event loop, which is woken once for all that were settled together."""
        self._start()
        loop = asyncio.get_running_loop()
        for item in items:
            item.waiter = loop.create_future()
            self._queue.put(item)
        for item in items:
            if item.waiter and not item.waiter.done():
                timer = loop.call_later(timeout, give_up, item.waiter)
                await item.waiter
                timer.cancel()
            if not item.settled:
                raise BufferError("The buffer did not answer in time.")
        return duplicates(items)

    def _start(self) -> None:
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="buffer-commit", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        together = 0
        while True:
            items = [self._queue.get()]
            if together > 1:  # others will come as well: a commit costs the same for one as for many
                time.sleep(LINGER)
            while len(items) < GROUP:
                try:
                    items.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            together = len(items)
            try:
                woken = self._commit(items)
            except Exception as error:  # the thread serves all requests: it outlives whatever one of them brings
                if not isinstance(error, redis.RedisError):
                    log.exception("The buffer could not be written")
                fail(items, BufferError(f"The buffer cannot be written: {type(error).__name__}."))
                notify(items)
                time.sleep(0.05)
                continue
            notify(items)
            for partition in woken:
                wake(partition)

    def _commit(self, items: list[Push]) -> list[Key]:
        """Returns the partitions that nobody is draining yet."""
        store, groups = connection(), merged(items)
        self._script = self._script or store.script_load(PUSH)
        pipe = store.pipeline(transaction=False)
        for group in groups:
            pipe.execute_command("EVALSHA", self._script, *script_args(group))
        touched: list[Key] = sorted({i.partition for i in items if i.events}, key=str)
        touched += [KEPT] if any(i.kept for i in items) else []
        for partition in touched:
            pipe.set(key("wake", partition), 1, nx=True, px=2000)
        metered = put_meters(pipe, items)
        results = pipe.execute(raise_on_error=False)
        answers, others = results[: len(groups)], results[len(groups) :]
        if any(isinstance(answer, redis.exceptions.NoScriptError) for answer in answers):
            self._script = store.script_load(PUSH)  # the store was restarted; none of them has run
            answers = [store.evalsha(self._script, *script_args(group)) for group in groups]
        for group, answer in zip(groups, answers, strict=True):
            settle(group, answer)
        wakes = others[: len(touched)]
        for (meter, minute), total in zip(metered, others[len(touched) :: 2], strict=True):
            if isinstance(total, int):
                totals.note(meter, minute, total)
        return [p for p, woke in zip(touched, wakes, strict=True) if woke is True]


def put_meters(pipe: Any, items: list[Push]) -> list[tuple[str, int]]:
    """Two commands for each meter of a group of requests: count, and forget after two minutes."""
    counts: Counter[tuple[str, int]] = Counter()
    for item in items:
        for meter, number in item.meters.items():
            counts[meter, item.minute] += number
    for (meter, minute), number in counts.items():
        name = key("rate", minute, meter)
        pipe.incrby(name, number)
        pipe.pexpire(name, METER_MS)
    return list(counts)


def duplicates(items: list[Push]) -> int:
    for item in items:
        if item.error:
            raise item.error
    return sum([item.duplicates for item in items])


def give_up(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)


def notify(items: list[Push]) -> None:
    waiters = [item.waiter for item in items if item.waiter]
    if waiters:
        with suppress(RuntimeError):  # the loop is closed: the server stops
            waiters[0].get_loop().call_soon_threadsafe(open_all, waiters)


def open_all(waiters: "list[asyncio.Future[None]]") -> None:
    for waiter in waiters:
        give_up(waiter)


def fail(items: list[Push], error: BufferError) -> None:
    for item in items:
        if not item.settled:
            item.error = error
            item.settle()


def settle(group: list[Push], answer: object) -> None:
    """The answer to merged requests: of each event whether it was known, a 1 or a 0; each request gets its own share."""
    if isinstance(answer, bytes):
        start = 0
        for item in group:
            end = start + len(item.events)
            item.duplicates = answer.count(b"1", start, end)
            item.settle()
            start = end
    elif answer == -1:
        fail(group, BufferFull("The buffer is full; the writer has to catch up first."))
    elif "OOM" in str(answer):
        fail(group, BufferFull("The buffer has no memory left; the writer has to catch up first."))
    else:
        fail(group, BufferError(f"The buffer refused: {str(answer)[:200]}"))


def wake(partition: Key) -> None:
    """Tell a worker that there is work. If this fails, beat's sweep finds the events some seconds later."""
    from analytics.celery import app

    try:
        app.send_task("ingestion.flush", args=[partition], expires=30, retry=False)
    except Exception as error:
        log.warning("A worker could not be woken (%s); the sweep will.", type(error).__name__)


def keep_awake(partition: Key) -> None:
    connection().set(key("wake", partition), 1, px=2000)


def clear_wake(partition: Key) -> None:
    connection().delete(key("wake", partition))


committer = Committer()


def take(partition: Key, most: int) -> Batch | None:
    """The batch under the manifest, or a new one of about `most` rows with its manifest; None when nothing waits."""
    entries = connection().eval(TAKE, 2, stream(partition), key("manifest", partition), most)
    if not entries:
        return None
    rows = [row for _, fields in entries for row in msgspec.msgpack.decode(fields[1])]
    return Batch(partition, entries[0][0].decode(), entries[-1][0].decode(), rows)


def ack(batch: Batch, states: dict[str, tuple[bytes, int]]) -> bool:
    """Drop the batch and set the session states (key -> value, milliseconds to live) in one step.

    False when the manifest is another's by now (this worker was away too long): then nothing is changed.
    """
    milliseconds, sequence = batch.last.split("-")
    args: list[object] = [f"{batch.first} {batch.last}", f"{milliseconds}-{int(sequence) + 1}"]
    for name, (value, ttl) in states.items():
        args += (name, value, ttl)
    done = connection().eval(ACK, 2, stream(batch.partition), key("manifest", batch.partition), *args)
    return bool(done)


def all_partitions() -> list[Key]:
    return [*partitions(), KEPT]


def backlog(partition: Key) -> int:
    return int(connection().xlen(stream(partition)))
