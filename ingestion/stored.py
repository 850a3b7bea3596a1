"""Sessions as ClickHouse has them: of whom the buffer does not know any more, or who is to be cut again."""

from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple

from analytics.clickhouse import client
from analytics.clickhouse.columns import ACQUISITION
from analytics.clickhouse.resession import BETWEEN
from ingestion.sessions import LONGEST_MS, Place, Session, Span, State


class Stored(NamedTuple):
    """Times in ms."""

    session: int
    stamp: int
    start: int
    end: int
    events: int


def get_sessions(site_id: int, visitors: Iterable[int], since: int, until: int) -> dict[int, list[Stored]]:
    """By visitor, in order of time: all that began within a day of the span, or up to two before it."""
    rows = client.command(
        "SELECT visitor, session_id, toUnixTimestamp64Milli(session_start), toUnixTimestamp64Milli(first),"
        " toUnixTimestamp64Milli(last), number FROM (SELECT any(s.visitor_id) AS visitor, session_id, session_start,"
        " min(s.start) AS first, max(s.end) AS last, sum(s.events) AS number"
        " FROM sessions AS s WHERE site_id = {site:UInt32} AND visitor_id IN {visitors:Array(UInt64)}"
        " AND session_start >= fromUnixTimestamp64Milli({since:Int64})"
        " AND session_start <= fromUnixTimestamp64Milli({until:Int64})"
        " GROUP BY session_id, session_start) ORDER BY visitor, first",
        {"site": site_id, "visitors": list(visitors), "since": since - 2 * LONGEST_MS, "until": until + LONGEST_MS},
    )
    found: dict[int, list[Stored]] = {}
    for visitor, *told in rows:
        found.setdefault(visitor, []).append(Stored(*told))
    return found


def get_sources(site_id: int, sessions: list[Stored]) -> dict[int, tuple[Place, tuple[str, ...]]]:
    """Session -> where its first page view stands and what that lent it; without those that have none."""
    rows = client.command(
        "SELECT session_id, min((toUnixTimestamp64Milli(timestamp), event_index, toString(event_id))) AS place,"
        f" argMin(({', '.join(ACQUISITION)}), (timestamp, event_index, toString(event_id))) FROM events"
        " WHERE site_id = {site:UInt32} AND session_id IN {sessions:Array(UInt64)} AND event_type = 'page_view'"
        f"{BETWEEN} GROUP BY session_id",
        {
            "site": site_id, "sessions": [one.session for one in sessions],
            "since": min(one.start for one in sessions), "until": max(one.end for one in sessions),
        },
    )  # fmt: skip
    return {session: (tuple(place), tuple(source)) for session, place, source in rows}


def get_states(site_id: int, times: dict[int, list[int]], gap: int) -> dict[int, State]:
    """By visitor: the stored sessions that one of these times lies in or next to."""
    times = {visitor: sorted(some) for visitor, some in times.items()}
    since, until = min(some[0] for some in times.values()), max(some[-1] for some in times.values())
    near = {
        visitor: [one for one in sessions if meets(times[visitor], one.start - gap, one.end + gap)]
        for visitor, sessions in get_sessions(site_id, times, since, until).items()
    }
    flat = [one for sessions in near.values() for one in sessions]
    sources = get_sources(site_id, flat) if flat else {}
    states: dict[int, State] = {}
    for visitor, sessions in near.items():
        for one in sessions:
            first_view, source = sources.get(one.session, (None, None))
            told = Session(one.session, one.stamp, one.start, one.end, source, first_view)
            states.setdefault(visitor, []).append(told)
    return states


def meets(times: list[int], since: int, until: int) -> bool:
    """Whether one of the sorted times lies in the span."""
    first = bisect_left(times, since)
    return first < len(times) and times[first] <= until


def about(sessions: list[Stored], span: Span, gap: int) -> list[Stored]:
    """Runs of sessions with no gap between them, of those that the span touches or that follow these."""
    runs: list[list[Stored]] = []
    end = 0
    for one in sessions:
        if one.end < span[0] - gap:
            continue
        if not runs or one.start > end + gap:
            runs.append([])
            end = 0
        runs[-1].append(one)
        end = max(end, one.end)
    return [one for run in runs if run[0].start <= span[1] + gap for one in run]
