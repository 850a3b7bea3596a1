"""Cutting events into sessions (semantics.md): pure, deterministic, so that a replayed batch gives the same rows.

A visitor's state is the list of their latest sessions. Each event joins the session that its own time falls in: within
the gap of it and not over 24 hours long; otherwise it begins one. The first page view lends its source to all of it.

What comes late may change what is written already: close the gap between two sessions, or begin one with another source.
Such a visitor is noted as a doubt, and ingestion/recut.py cuts their sessions again.
"""

from collections.abc import Callable
from hashlib import blake2b

import msgspec

from analytics.clickhouse.columns import ACQUISITION
from ingestion.buffer import key

LONGEST_MS = 24 * 3600 * 1000
REMEMBERED = 64  # sessions per visitor


Place = tuple[int, int, str]  # where an event stands in the order of time: ms, event_index, event_id


class Session(msgspec.Struct, array_like=True):
    id: int
    stamp: int  # the time of the event that began it, ms; part of the sort key, so it never changes
    start: int
    end: int
    acquisition: tuple[str, ...] | None = None
    first_view: Place | None = None  # of the page view that lent it; None: none yet, or noted by an earlier version

    def has_room(self, time: int) -> bool:
        return max(self.end, time) - min(self.start, time) <= LONGEST_MS

    def begins_before(self, place: Place) -> bool:
        """Whether its source is known from a page view that is no later than this one."""
        return self.acquisition is not None and (self.first_view or (self.start, 0, "")) <= place


State = list[Session]
Span = tuple[int, int]  # from and to, ms
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(State)


def encode(state: State) -> bytes:
    return _encoder.encode(state[-REMEMBERED:])


def decode(raw: bytes) -> State:
    return _decoder.decode(raw)


def state_key(site_id: int, visitor: int) -> str:
    return key("session", site_id, visitor)


class Visit(msgspec.Struct):
    """What the cutter has to know of an event, and what it finds out."""

    site_id: int
    visitor: int
    previous: int  # the visitor's hash under the salt of the day before; 0 where there is none
    time: int  # ms
    index: int
    event_id: str
    own: tuple[str, ...]  # ACQUISITION of this event itself
    is_page_view: bool
    session: Session | None = None

    @property
    def place(self) -> Place:
        return self.time, self.index, self.event_id


class Cutter:
    def __init__(self, load: Callable[[int, int], State], gap_of: Callable[[int], int]) -> None:
        self._load, self._gap_of = load, gap_of
        self.states: dict[tuple[int, int], State] = {}
        self.doubts: dict[tuple[int, int], Span] = {}
        self._new: set[int] = set()  # sessions of which nothing is written yet

    def state(self, site_id: int, visitor: int) -> State:
        key = (site_id, visitor)
        if key not in self.states:
            self.states[key] = self._load(site_id, visitor)
        return self.states[key]

    def cut(self, visits: list[Visit]) -> None:
        """Give each visit (in order of time) its session; a visitor who stayed up past midnight keeps the old hash."""
        for visit in visits:
            gap, time = self._gap_of(visit.site_id), visit.time
            near = touched(self.state(visit.site_id, visit.visitor), time, gap)
            session = taker(near, time)
            if near and (len(near) > 1 or (session is None and time < near[0].start)):
                self._note(visit, min(one.start for one in near), max(one.end for one in near))
            if session is None and visit.previous:
                session = taker(touched(self.state(visit.site_id, visit.previous), time, gap), time)
                if session is not None:
                    visit.visitor = visit.previous
            if session is None:
                session = Session(session_id(visit), time, time, time)
                self.state(visit.site_id, visit.visitor).append(session)
                self._new.add(session.id)
            session.start, session.end = min(session.start, time), max(session.end, time)
            if visit.is_page_view and not session.begins_before(visit.place):
                if session.acquisition != visit.own and session.id not in self._new:
                    self._note(visit, session.start, session.end)
                session.acquisition, session.first_view = visit.own, visit.place
            visit.session = session

    def _note(self, visit: Visit, start: int, end: int) -> None:
        key = (visit.site_id, visit.visitor)
        known = self.doubts.get(key, (visit.time, visit.time))
        self.doubts[key] = (min(known[0], start, visit.time), max(known[1], end, visit.time))


def touched(state: State, time: int, gap: int) -> State:
    """The sessions that the time lies in or next to, the latest first."""
    return [one for one in reversed(state) if one.start - gap <= time <= one.end + gap]


def taker(near: State, time: int) -> Session | None:
    for session in near:
        if session.has_room(time):
            return session
    return None


def session_id(visit: Visit) -> int:
    text = f"{visit.site_id}:{visit.visitor}:{visit.event_id}"
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") or 1


NO_ACQUISITION = ("",) * len(ACQUISITION)
