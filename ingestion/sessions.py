"""Cutting events into sessions (semantics.md): pure, deterministic, so that a replayed batch gives the same rows.

A visitor's state is the list of their latest sessions. Each event joins the session that its own time falls in: within
the gap of it and not over 24 hours long; otherwise it begins one. The first page view lends its source to all of it.
"""

from collections.abc import Callable
from hashlib import blake2b

import msgspec

from analytics.clickhouse.columns import ACQUISITION

LONGEST_MS = 24 * 3600 * 1000
REMEMBERED = 32  # sessions per visitor


class Session(msgspec.Struct, array_like=True):
    id: int
    stamp: int  # the time of the event that began it, ms; part of the sort key, so it never changes
    start: int
    end: int
    acquisition: tuple[str, ...] | None = None

    def takes(self, time: int, gap: int) -> bool:
        return self.start - gap <= time <= self.end + gap and max(self.end, time) - min(self.start, time) <= LONGEST_MS


State = list[Session]
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(State)


def encode(state: State) -> bytes:
    return _encoder.encode(state[-REMEMBERED:])


def decode(raw: bytes) -> State:
    return _decoder.decode(raw)


class Visit(msgspec.Struct):
    """What the cutter has to know of an event, and what it finds out."""

    site_id: int
    visitor: int
    previous: int  # the visitor's hash under the salt of the day before; 0 where there is none
    time: int  # ms
    event_id: str
    own: tuple[str, ...]  # ACQUISITION of this event itself
    is_page_view: bool
    session: Session | None = None


class Cutter:
    def __init__(self, load: Callable[[int, int], State], gap_of: Callable[[int], int]) -> None:
        self._load, self._gap_of = load, gap_of
        self.states: dict[tuple[int, int], State] = {}

    def state(self, site_id: int, visitor: int) -> State:
        key = (site_id, visitor)
        if key not in self.states:
            self.states[key] = self._load(site_id, visitor)
        return self.states[key]

    def cut(self, visits: list[Visit]) -> None:
        """Give each visit (in order of time) its session; a visitor who stayed up past midnight keeps the old hash."""
        for visit in visits:
            gap = self._gap_of(visit.site_id)
            session = find(self.state(visit.site_id, visit.visitor), visit.time, gap)
            if session is None and visit.previous:
                session = find(self.state(visit.site_id, visit.previous), visit.time, gap)
                if session is not None:
                    visit.visitor = visit.previous
            if session is None:
                session = Session(session_id(visit), visit.time, visit.time, visit.time)
                self.state(visit.site_id, visit.visitor).append(session)
            session.start, session.end = min(session.start, visit.time), max(session.end, visit.time)
            if session.acquisition is None and visit.is_page_view:
                session.acquisition = visit.own
            visit.session = session


def find(state: State, time: int, gap: int) -> Session | None:
    for session in reversed(state):
        if session.takes(time, gap):
            return session
    return None


def session_id(visit: Visit) -> int:
    text = f"{visit.site_id}:{visit.visitor}:{visit.event_id}"
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") or 1


NO_ACQUISITION = ("",) * len(ACQUISITION)
