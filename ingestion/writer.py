"""From the buffer into ClickHouse: take a batch, cut sessions, insert once, ack."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import uuid4

import msgspec

from analytics.clickhouse import client, traits
from analytics.clickhouse.columns import ACQUISITION, COLUMNS, CONSENTS, Kept, split_id
from ingestion import buffer, recut
from ingestion.row import INDEX
from ingestion.scripts import LEASE, RELEASE, RENEW
from ingestion.sessions import NO_ACQUISITION, Cutter, State, Visit, decode, encode, state_key
from ingestion.sites import known
from ingestion.steps.consent import CONSENT
from ingestion.stored import get_states

log = logging.getLogger(__name__)
BATCH = 20_000
LEASE_MS = 10_000  # how long a dead worker's partition waits; one that is only slow cannot harm (buffer.ack)
LINGER = 0.25  # seconds in which events gather, so that a busy partition makes a few parts a second and not hundreds
STATE_MS = 26 * 3600 * 1000
OLD_STATE_MS = 2 * 3600 * 1000  # of imported history: its events come together or not at all
ZERO = Decimal(0)
NAMES = tuple(COLUMNS)
WIDTH = len(NAMES) - 2  # of the rows: three columns are the event id
ACQUISITION_AT = tuple(INDEX[name] for name in ACQUISITION)
FIRST_ACQUISITION = INDEX[ACQUISITION[0]]
(
    SITE, TIME, RECEIVED, EVENT_ID, TYPE, SESSION, STAMP, EVENT_INDEX, VISITOR, PERSON, USER, REVENUE, PROPERTIES, PREVIOUS,
    SEALED,
) = (
    INDEX[name]
    for name in (
        "site_id", "timestamp", "received_at", "event_id", "event_type", "session_id", "session_start", "event_index",
        "visitor_id", "person_id", "user_id", "revenue", "properties", "previous_visitor", "sealed",
    )
)  # fmt: skip
Rows = list[list[Any]]


def preload(rows: Rows) -> dict[tuple[int, int], State]:
    """The session states of all visitors of a batch in one round trip."""
    keys = list({(row[SITE], v) for row in rows for v in (row[VISITOR], row[PREVIOUS]) if v})
    values = buffer.connection().mget([state_key(*key) for key in keys]) if keys else []
    states = {key: decode(value) if value else [] for key, value in zip(keys, values, strict=True)}
    put_forgotten(states, rows)
    return states


def put_forgotten(states: dict[tuple[int, int], State], rows: Rows) -> None:
    """Of whom has events from longer ago than the buffer remembers: the stored sessions that these may belong to."""
    now, times = time.time() * 1000, defaultdict[int, dict[int, list[int]]](dict)
    limits = {site_id: now - STATE_MS + gap_of(site_id) for site_id in {row[SITE] for row in rows}}
    for row in rows:
        if row[TIME] < limits[row[SITE]]:
            times[row[SITE]].setdefault(row[VISITOR], []).append(row[TIME])
    for site_id, visitors in times.items():
        for visitor, found in get_states(site_id, visitors, gap_of(site_id)).items():
            ids = {one.id for one in states[site_id, visitor]}
            states[site_id, visitor][:0] = [one for one in found if one.id not in ids]


def gap_of(site_id: int) -> int:
    site = known.current(time.time()).by_id.get(site_id)
    return site.gap_ms if site else 1_800_000


def put_sessions(rows: Rows) -> Cutter:
    """Sort the rows by time and stamp session, visitor and acquisition on them."""
    rows.sort(key=lambda row: (row[TIME], row[EVENT_INDEX], row[EVENT_ID]))
    states = preload(rows)
    cutter = Cutter(lambda site_id, visitor: states.get((site_id, visitor), []), gap_of)
    end = FIRST_ACQUISITION + len(ACQUISITION)
    visits = [
        Visit(
            row[SITE], row[VISITOR], row[PREVIOUS], row[TIME], row[EVENT_INDEX], row[EVENT_ID],
            tuple(row[FIRST_ACQUISITION:end]), row[TYPE] == "page_view",
        )
        for row in rows
    ]  # fmt: skip
    cutter.cut(visits)
    for row, visit in zip(rows, visits, strict=True):
        assert visit.session is not None
        row[SESSION], row[STAMP], row[VISITOR] = visit.session.id, visit.session.stamp, visit.visitor
        row[FIRST_ACQUISITION:end] = visit.session.acquisition or NO_ACQUISITION
        if not row[USER]:
            row[PERSON] = visit.visitor
    return cutter


def columns_of(rows: Rows) -> list[list[Any]]:
    """The columns of COLUMNS: those of the rows, but the event id in its three parts."""
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
    columns[REVENUE] = [Decimal(text) if text else ZERO for text in columns[REVENUE]]
    ids = zip(*map(split_id, columns[EVENT_ID], columns[TIME]), strict=True)
    return [*columns[:EVENT_ID], *map(list, ids), *columns[EVENT_ID + 1 : WIDTH]]


def states_of(cutter: Cutter) -> dict[str, tuple[bytes, int]]:
    now = time.time() * 1000
    return {
        state_key(*key): (encode(state), STATE_MS if state[-1].end > now - STATE_MS else OLD_STATE_MS)
        for key, state in cutter.states.items()
        if state
    }


def take_traits(rows: Rows) -> list[traits.Told]:
    """Out of the rows, which have no such column. A row that waited since an earlier version has none."""
    found: list[traits.Told] = []
    for row in rows:
        sealed = row.pop() if len(row) > SEALED else {}
        if row[USER]:
            found += [(row[SITE], row[PERSON], name, text, row[RECEIVED]) for name, text in sealed.items()]
    return found


def write_events(batch: buffer.Batch) -> dict[str, tuple[bytes, int]]:
    traits.put_traits(take_traits(batch.rows), f"{batch.token}:traits")
    rows: Rows = [row for row in batch.rows if row[TYPE] != CONSENT]
    if len(rows) < len(batch.rows):
        write_consents([row for row in batch.rows if row[TYPE] == CONSENT], f"{batch.token}:consents")
    if not rows:
        return {}
    cutter = put_sessions(rows)
    recut.note(batch.partition, cutter.doubts)
    insert_or_split(rows, batch.token)
    return states_of(cutter)


def write_consents(rows: Rows, token: str) -> None:
    """Beside the events, and known by nothing that they have."""
    told = [{"site_id": row[SITE], "at": row[TIME], **msgspec.json.decode(row[PROPERTIES])} for row in rows]
    client.insert("consents", CONSENTS, [[one[name] for one in told] for name in CONSENTS], token)


def insert_or_split(rows: Rows, token: str) -> None:
    """One row that ClickHouse will not have must not hold up the rest: halve until it stands alone, then put it aside.

    The halves' tokens follow from the batch's, so that a replay splits the same way and still counts once.
    """
    try:
        client.insert("events", NAMES, columns_of(rows), token)
    except client.BadData as error:
        if len(rows) > 1:
            middle = len(rows) // 2
            insert_or_split(rows[:middle], token + ":0")
            insert_or_split(rows[middle:], token + ":1")
            return
        log.warning("An event was put aside, ClickHouse refused it: %s", str(error)[:200])
        row = rows[0]
        aside = [row[SITE], row[RECEIVED], "not_storable", "event_properties", repr(row), "{}"]
        client.insert("rejected_events", Kept._fields, [[value] for value in aside], token)


def write_kept(batch: buffer.Batch) -> dict[str, tuple[bytes, int]]:
    for table, outcome in (("rejected_events", "rejected"), ("bot_events", "bot")):
        rows = [row[:-1] for row in batch.rows if row[-1] == outcome]
        if rows:
            client.insert(table, Kept._fields, list(zip(*rows, strict=True)), f"{batch.token}:{table}")
    return {}


def write(batch: buffer.Batch) -> int:
    """Insert and ack; rows written."""
    states = write_kept(batch) if batch.partition == buffer.KEPT else write_events(batch)
    return len(batch.rows) if buffer.ack(batch, states) else 0


@contextmanager
def lease(partition: buffer.Key) -> Iterator[Callable[[], bool] | None]:
    """The right to drain a partition, as a function that prolongs it; None when another worker holds it."""
    store, name, holder = buffer.connection(), buffer.key("lease", partition), uuid4().hex
    pause = buffer.key("pause")
    if not store.eval(LEASE, 2, name, pause, holder, LEASE_MS):
        yield None
        return
    try:
        yield lambda: bool(store.eval(RENEW, 2, name, pause, holder, LEASE_MS))
    finally:
        store.eval(RELEASE, 1, name, holder)


def drain(partition: buffer.Key, seconds: float = 20.0, linger: float = LINGER, rest: bool = True) -> int:
    """Write what the partition holds; rows written. Steps:

    1. Take the lease; another holder means that the work is being done.
    2. Take a batch (a manifest that a dead worker left comes first), write it, ack it, until none is left.
    3. Cut sessions again where late events ask for it (ingestion/recut.py).
    4. Give the lease back, then clear the wake flag, then look once more: an event that came in between is not left.
    """
    written, until = 0, time.monotonic() + seconds
    while True:
        with lease(partition) as renew:
            if renew is None:
                return written
            if not recut.do_finish(partition, renew):
                continue
            while batch := buffer.take(partition, BATCH):
                written += write(batch)
                if time.monotonic() > until or not renew():
                    break
                buffer.keep_awake(partition)
                if len(batch.rows) < BATCH // 2:
                    time.sleep(linger)
            if recut.waits(partition, rest) and renew():
                recut.do_recut(partition, renew, wait=not rest)
        buffer.clear_wake(partition)
        if not buffer.backlog(partition):
            return written
        if time.monotonic() > until:
            buffer.wake(partition)
            return written


def drain_all(linger: float = 0.0) -> int:
    """Write everything that is buffered now, from this process (demo data, tests, shutdown)."""
    return sum(drain(partition, 600.0, linger, rest=False) for partition in buffer.all_partitions())
