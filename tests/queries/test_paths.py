"""Paths against sessions walked in Python."""

import itertools
import random
import re
import statistics
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from analytics.queries.calendar import Period
from analytics.queries.dimensions import BadQuery
from analytics.queries.paths import END, OTHER, Paths, Rule, run
from analytics.queries.people import Scope

pytestmark = pytest.mark.django_db
PERIOD = Period(date(2026, 5, 1), date(2026, 5, 10), ZoneInfo("UTC"))
PAGES = ["/", "/a", "/b", "/product/1", "/product/2", "/it's"]


def make_rows(seed=3, sessions=200):
    rng, rows = random.Random(seed), []
    for session in range(1, sessions + 1):
        at = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(minutes=rng.uniform(5, 14_000))
        for index in range(rng.randint(1, 9)):
            at += timedelta(seconds=rng.choice([0, 3, 50, 400]))
            rows.append({
                "timestamp": at.replace(microsecond=0), "received_at": at, "event_index": index, "path": rng.choice(PAGES),
                "event_type": rng.choice(["page_view", "page_view", "page_exit"]), "session_id": session, "interactive": True,
                "visitor_id": session % 40 + 1, "person_id": session % 40 + 1,
            })  # fmt: skip
    return rows


def expect(rows, start="", end="", steps=5, clean=lambda path: path):
    sessions, edges = defaultdict(list), defaultdict(list)
    for row in sorted(rows, key=lambda r: (r["timestamp"], r["event_index"])):
        if row["event_type"] == "page_view":
            path, visits = clean(row["path"]), sessions[row["session_id"]]
            if not visits or visits[-1][0] != path:
                visits.append((path, row["timestamp"], row["person_id"]))
    for visits in sessions.values():
        names = [name for name, _, _ in visits]
        if (start or end) and (start or end) not in names:
            continue
        first = names.index(start) if start else 0
        last = len(names) - 1 - names[::-1].index(end) if end else len(names) - 1
        cut = visits[first : last + 1]
        cut = cut[-steps:] if end else cut[:steps]
        offset = steps - len(cut) if end else 0
        for i, (one, two) in enumerate(itertools.pairwise(cut), 1):
            edges[i + offset, one[0], two[0]].append(((two[1] - one[1]).total_seconds(), one[2]))
        if not end and len(cut) < steps:
            edges[len(cut), cut[-1][0], END].append((None, cut[-1][2]))
    return edges


@pytest.mark.parametrize("anchor", [{}, {"start": "/a"}, {"end": "/b"}, {"start": "/it's", "steps": 3}])
@pytest.mark.parametrize(
    "cleaning", [(), (Rule("/product/*", "/product/:id"),), (Rule("^/product/([0-9])$", r"/p\1", True),)]
)
def test_edges(site, insert_events, anchor, cleaning):
    rows = make_rows()
    insert_events(site, rows)

    def clean(path):
        for rule in cleaning:
            if rule.regex:
                path = re.sub(rule.pattern, rule.to, path)
            elif path.startswith("/product/"):
                path = rule.to
        return path

    result = run(Paths(Scope(site.pk, PERIOD), edges=500, cleaning=cleaning, **anchor))
    wanted = expect(rows, clean=clean, **anchor)
    assert {(e.step, e.source, e.target): (e.sessions, e.people) for e in result.edges} == {
        key: (len(taken), len({person for _, person in taken})) for key, taken in wanted.items()
    }
    for edge in result.edges:
        taken = [seconds for seconds, _ in wanted[edge.step, edge.source, edge.target]]
        assert edge.median_seconds == (None if edge.target == END else statistics.median(taken))
    assert result.hidden == 0
    if not anchor:
        assert result.sessions == len({row["session_id"] for row in rows if row["event_type"] == "page_view"}) - sum(
            1 for key in wanted if key[0] == 0
        )


def test_the_rest_is_other(site, insert_events):
    insert_events(site, make_rows())
    everything = run(Paths(Scope(site.pk, PERIOD), edges=500))
    few = run(Paths(Scope(site.pk, PERIOD), edges=10))
    assert few.hidden == len(everything.edges) - 10
    assert sum(e.sessions for e in few.edges) == sum(e.sessions for e in everything.edges)
    assert {e.source for e in few.edges if e.source == OTHER} == {OTHER}


@pytest.mark.parametrize(
    "more", [{"steps": 1}, {"edges": 0}, {"by": "x"}, {"start": "/", "end": "/"}, {"cleaning": (Rule("(", "", True),)}]
)
def test_what_cannot_be_asked(site, more):
    with pytest.raises(BadQuery):
        run(Paths(**{"scope": Scope(site.pk, PERIOD), **more}))
