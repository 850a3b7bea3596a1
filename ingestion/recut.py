"""Sessions that late events join, or begin anew, are cut again, as if all had come in order (semantics.md, Session).

The writer notes whom it doubts (ingestion/sessions.py); this follows under the same lease, some seconds later. Steps:

1. Read the sessions of who is doubted, around the span that is, and their events.
2. Cut them by time. Where that gives what is stored, nothing is to do.
3. Write the events of the others anew, beside the table, under new sessions (analytics/clickhouse/resession.py).
4. Note that in the buffer: from here on it is finished, whoever dies, and before anything else is written.
5. Exchange the rows, then the visitors' states in the buffer, then forget the doubts.
6. The old rows are deleted in the background, while the writer goes on; then answers given before count as old.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple

import msgspec

from analytics.clickhouse import client
from analytics.clickhouse.columns import ACQUISITION
from analytics.clickhouse.resession import BETWEEN, Move, Piece, deleting, do_prepare, drop, finish_steps, put_watermark
from ingestion import buffer
from ingestion.enrich.sources import get_acquisition
from ingestion.sessions import LONGEST_MS, NO_ACQUISITION, Session, Span, decode, encode, state_key
from ingestion.sites import known
from ingestion.stored import Stored, about, get_sessions

log = logging.getLogger(__name__)
VISITORS, EVENTS = 5_000, 50_000  # at a time: 60 MB
REST_MS = 2_000
REST_SHARE = 5  # a partition rests so many times as long as it took, or an import in no order would wait for it
Renew = Callable[[], bool]


class Moment(NamedTuple):
    """An event, as far as its session goes; in order of time."""

    visitor: int
    time: int
    number: int  # event_index
    event_id: str
    session: int
    is_page_view: bool
    path: str
    url: str
    referrer: str
    acquisition: tuple[str, ...]  # its session's


class Manifest(msgspec.Struct):
    """A move that is to be finished, and what the buffer is to know then."""

    move: Move
    old: list[int]  # sessions
    fields: list[bytes]  # of the doubts that it ends
    states: dict[int, list[Session]]  # visitor -> sessions that take the place of the old ones


def doubts_key(partition: buffer.Key) -> str:
    return buffer.key("recut", partition)


def manifest_key(partition: buffer.Key) -> str:
    return buffer.key("recutting", partition)


def clearing_key(partition: buffer.Key) -> str:
    return buffer.key("recut-clearing", partition)


def rest_key(partition: buffer.Key) -> str:
    return buffer.key("recut-rest", partition)


def table_of(partition: buffer.Key) -> str:
    return f"recut_{partition}"


def do_tidy(partition: buffer.Key) -> None:
    """Finish what was begun, and drop what one left who died before; while nobody writes."""
    do_finish(partition, lambda: True)
    do_clear(partition, wait=True)
    drop(table_of(partition))


def note(partition: buffer.Key, doubts: dict[tuple[int, int], Span]) -> None:
    """Before the events are written: a doubt that turns out to be none costs a look."""
    if not doubts:
        return
    store, names = buffer.connection(), [f"{site}:{visitor}" for site, visitor in doubts]
    merged = {}
    for name, span, raw in zip(names, doubts.values(), store.hmget(doubts_key(partition), names), strict=True):
        before = tuple(map(int, raw.split(b":"))) if raw else span
        merged[name] = f"{min(before[0], span[0])}:{max(before[1], span[1])}"
    store.hset(doubts_key(partition), mapping=merged)


def waiting(partition: buffer.Key) -> int:
    """Visitors whose sessions are still to be cut again."""
    return int(buffer.connection().hlen(doubts_key(partition)))


def waits(partition: buffer.Key, rest: bool = True) -> bool:
    """Whether there is something to do, now; without `rest`, also shortly after the last time."""
    store = buffer.connection()
    if store.exists(manifest_key(partition), clearing_key(partition)):
        return True
    hindered = [buffer.key("lease", "privacy"), *([rest_key(partition)] if rest else [])]
    return bool(store.exists(doubts_key(partition))) and not store.exists(*hindered)


def do_recut(partition: buffer.Key, renew: Renew, wait: bool = False) -> None:
    """Doubts of the partition, some visitors at a time, while the lease lasts and nobody is being erased. With `wait` all of
    them, else those at hand: what follows them waits for the deletions."""
    store, began = buffer.connection(), time.monotonic()
    if not do_clear(partition, wait) or (not wait and store.exists(rest_key(partition))):
        return
    try:
        while renew() and do_clear(partition, wait) and not store.exists(buffer.key("lease", "privacy")):
            found = dict(islice(store.hscan_iter(doubts_key(partition), count=VISITORS), VISITORS))
            if not found:
                break
            site_id = int(next(iter(found)).split(b":")[0])
            mine = {name: span for name, span in found.items() if name.startswith(b"%d:" % site_id)}
            prepare(partition, site_id, mine)
            if not do_finish(partition, renew):
                break
    finally:
        took = round(1000 * (time.monotonic() - began))
        store.set(rest_key(partition), 1, px=max(REST_MS, REST_SHARE * took))


def prepare(partition: buffer.Key, site_id: int, fields: dict[bytes, bytes]) -> None:
    """Up to the point from which `do_finish` goes on."""
    store, site = buffer.connection(), known.current(time.time()).by_id.get(site_id)
    gap = site.gap_ms if site else 0
    spans = {int(name.split(b":")[1]): parse(span) for name, span in fields.items()}
    near = get_near(site_id, spans, gap) if site else {}
    visitors = within(near, spans)
    moments = get_moments(site_id, [one for visitor in visitors for one in near.get(visitor, ())])
    pieces, states = plan(site_id, site.domain if site else "", moments, gap)
    done = [name for name in fields if int(name.split(b":")[1]) in visitors]
    if pieces:
        move = Move(table_of(partition), site_id, min(one.since for one in pieces), max(one.until for one in pieces))
        if not do_prepare(move, pieces):
            raise client.StoreError("The events changed while sessions were cut again; that is tried again.")
        store.set(
            manifest_key(partition),
            msgspec.msgpack.encode(Manifest(move, sorted({one.old for one in pieces}), done, states)),
        )
    else:
        store.hdel(doubts_key(partition), *done)


def parse(raw: bytes) -> Span:
    start, end = map(int, raw.split(b":"))
    return start, end


def get_near(site_id: int, spans: dict[int, Span], gap: int) -> dict[int, list[Stored]]:
    since, until = min(start for start, _ in spans.values()), max(end for _, end in spans.values())
    found = get_sessions(site_id, spans, since, until)
    near = {visitor: about(sessions, spans[visitor], gap) for visitor, sessions in found.items()}
    for sessions in near.values():
        if (events := sum(one.events for one in sessions)) > EVENTS:  # everything a server does under one id
            log.warning("Sessions of a visitor of site %s stay as they are, of %s events.", site_id, events)
            sessions.clear()
    return near


def within(near: dict[int, list[Stored]], visitors: Iterable[int]) -> set[int]:
    """As many visitors as have not too many events together, but one at least."""
    taken: set[int] = set()
    events = 0
    for visitor in visitors:
        events += sum(one.events for one in near.get(visitor, ()))
        if taken and events > EVENTS:
            break
        taken.add(visitor)
    return taken


def get_moments(site_id: int, sessions: list[Stored]) -> list[Moment]:
    """Their events, by visitor and in order of time."""
    if not sessions:
        return []
    rows = client.command(
        "SELECT visitor_id, toUnixTimestamp64Milli(timestamp) AS time, event_index, toString(event_id) AS id, session_id,"
        f" event_type = 'page_view', path, url, page_referrer, ({', '.join(ACQUISITION)})"
        f" FROM events WHERE site_id = {{site:UInt32}} AND session_id IN {{old:Array(UInt64)}}{BETWEEN}"
        " ORDER BY visitor_id, time, event_index, id",
        {
            "site": site_id, "old": [one.session for one in sessions],
            "since": min(one.start for one in sessions), "until": max(one.end for one in sessions),
        },
    )  # fmt: skip
    return [Moment(*row) for row in rows]


def plan(site_id: int, domain: str, moments: list[Moment], gap: int) -> tuple[list[Piece], dict[int, list[Session]]]:
    """What is to be moved, and the sessions of each visitor that come of it."""
    pieces: list[Piece] = []
    states: dict[int, list[Session]] = {}
    groups = cut(moments, gap)
    shares = Counter(session for group in groups for session in {one.session for one in group})
    firsts = {one.session: one for one in reversed(moments) if one.is_page_view}
    for group in groups:
        olds = sorted({one.session for one in group})
        first_view = next((one for one in group if one.is_page_view), None)
        acquisition = first_view.acquisition if first_view else NO_ACQUISITION
        if first_view and first_view is not firsts[first_view.session]:
            acquisition = own_acquisition(first_view, domain)
        if len(olds) == 1 and shares[olds[0]] == 1 and all(one.acquisition == acquisition for one in group):
            continue
        visitor, start, end = group[0].visitor, group[0].time, group[-1].time
        session = new_id(site_id, group[0], olds)
        for old in olds:
            times = [one.time for one in group if one.session == old]
            pieces.append(Piece(old, times[0], times[-1], session, start, acquisition, len(times)))
        place = (first_view.time, first_view.number, first_view.event_id) if first_view else None
        told = Session(session, start, start, end, acquisition if first_view else None, place)
        states.setdefault(visitor, []).append(told)
    return pieces, states


def own_acquisition(view: Moment, domain: str) -> tuple[str, ...]:
    """Of a page view that another session's source was written on, as far as its address tells."""
    found = get_acquisition(view.url, view.referrer, (domain,))
    return tuple(view.path if name == "entry_page" else getattr(found, name) for name in ACQUISITION)


def cut(moments: list[Moment], gap: int) -> list[list[Moment]]:
    groups: list[list[Moment]] = []
    for one in moments:
        last = groups[-1] if groups else None
        if (
            last is None
            or last[0].visitor != one.visitor
            or one.time - last[-1].time > gap
            or one.time - last[0].time > LONGEST_MS
        ):
            groups.append([])
        groups[-1].append(one)
    return groups


def new_id(site_id: int, first: Moment, olds: list[int]) -> int:
    """No old one's: by their ids the rows that go are told from those that come."""
    text = f"{site_id}:{first.visitor}:{first.event_id}:{olds}"
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") or 1


def do_finish(partition: buffer.Key, renew: Renew) -> bool:
    """Finish what was begun, if anything, but for the deletions. False when the lease was lost over it: then another
    finishes."""
    store = buffer.connection()
    raw = store.get(manifest_key(partition))
    if raw is None:
        return True
    manifest = msgspec.msgpack.decode(raw, type=Manifest)
    for step in finish_steps(manifest.move):
        if not renew():
            return False
        step()
    put_states(manifest)
    pipe = store.pipeline(transaction=True)
    pipe.set(clearing_key(partition), msgspec.msgpack.encode(manifest.move))
    pipe.hdel(doubts_key(partition), *manifest.fields)
    pipe.delete(manifest_key(partition))
    pipe.execute()
    log.info(
        "Sessions cut again: %s of site %s are %s now.", len(manifest.old), manifest.move.site_id,
        sum(map(len, manifest.states.values())),
    )  # fmt: skip
    return True


def do_clear(partition: buffer.Key, wait: bool = False) -> bool:
    """Once the old rows are deleted, which the writer does not wait for: whether nothing is left to do."""
    store = buffer.connection()
    raw = store.get(clearing_key(partition))
    if raw is None:
        return True
    while deleting():
        if not wait:
            return False
        time.sleep(0.05)
    move = msgspec.msgpack.decode(raw, type=Move)
    put_watermark(move)
    drop(move.name)
    store.delete(clearing_key(partition))
    return True


def put_states(manifest: Manifest) -> None:
    """As far as the buffer still knows the visitors."""
    store, old = buffer.connection(), set(manifest.old)
    names = {visitor: state_key(manifest.move.site_id, visitor) for visitor in manifest.states}
    for (visitor, name), raw in zip(names.items(), store.mget(list(names.values())), strict=True):
        if raw:
            state = [one for one in decode(raw) if one.id not in old and one not in manifest.states[visitor]]
            state = sorted([*state, *manifest.states[visitor]], key=lambda one: one.start)
            store.set(name, encode(state), keepttl=True)
