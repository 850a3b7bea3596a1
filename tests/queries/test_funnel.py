"""Funnels against attempts counted one by one in Python."""

import random
import statistics
import uuid
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from analytics.queries.calendar import Period
from analytics.queries.dimensions import BadQuery
from analytics.queries.funnel import Exclusion, Funnel, run
from analytics.queries.people import Scope, check_selector

pytestmark = pytest.mark.django_db
START = datetime(2026, 5, 1, tzinfo=UTC)
PERIOD = Period(date(2026, 5, 1), date(2026, 5, 10), ZoneInfo("UTC"))
KINDS = ["a", "b", "c", "x", "other"]


def make_rows(seed, people=150):
    rng, rows = random.Random(seed), []
    for person in range(1, people + 1):
        at, country = START + timedelta(hours=rng.uniform(-20, 220)), rng.choice(["DE", "US"])
        for index in range(rng.randint(1, 14)):
            at += timedelta(seconds=rng.choice([0, 1, 60, 3600, 20_000, 90_000]))
            rows.append({
                "timestamp": at.replace(microsecond=0), "received_at": at, "event_type": rng.choice(KINDS), "event_index": index,
                "visitor_id": person, "person_id": person, "session_id": person * 100 + index // 4, "country": country,
                "path": "/p", "interactive": True, "event_id": uuid.UUID(int=rng.getrandbits(128)),
            })  # fmt: skip
    return rows


def moment(event):
    return event["timestamp"], event["event_index"]


def attempts_of(events, steps, order, window, end, exclusions):
    """Every attempt, as the moments of its steps; and whether an exclusion came in between in one of them."""
    found, excluded = [], []
    for i, first in enumerate(events):
        if order == "unordered":
            if first["event_type"] not in steps or first["timestamp"] >= end:
                continue
            inside = [e for e in events if first["timestamp"] <= e["timestamp"] <= first["timestamp"] + window]
            found.append(sorted(min(moment(e) for e in inside if e["event_type"] == kind)
                                for kind in steps if any(e["event_type"] == kind for e in inside)))  # fmt: skip
            continue
        if first["event_type"] != steps[0] or first["timestamp"] >= end:
            continue
        chain = [moment(first)]
        for event in events[i + 1 :]:
            if len(chain) == len(steps) or event["timestamp"] > chain[0][0] + window:
                break
            if event["event_type"] == steps[len(chain)]:
                chain.append(moment(event))
            elif order == "strict":
                break
            elif any(
                event["event_type"] == kind and after <= len(chain) < before for kind, after, before in exclusions
            ):
                excluded.append(moment(event))
        found.append(chain)
    return found, excluded


def expect(rows, steps, order="ordered", window=timedelta(days=14), by="person_id", exclusions=()):
    groups = {}
    start, end = PERIOD.start, PERIOD.end
    for row in sorted(rows, key=lambda r: (r["timestamp"], r["event_index"])):
        if start <= row["timestamp"] < end + window:
            groups.setdefault(row[by], []).append(row)
    counts, seconds, left_out = [0] * len(steps), [[] for _ in steps], 0
    for events in groups.values():
        attempts, excluded = attempts_of(events, steps, order, window, end, exclusions)
        if not attempts:
            continue
        furthest = max(map(len, attempts))
        longest = [a for a in attempts if len(a) == furthest]
        done = min(a[-1] for a in longest)  # the first to come so far; of those that came at once, the newest
        best = (
            longest[0]
            if order == "unordered"
            else max((a for a in longest if a[-1] == done), key=lambda a: (a[0][0], -a[0][1]))
        )
        if excluded and (furthest < len(steps) or min(excluded) < done):
            left_out += 1
            continue
        for i, at in enumerate(best):
            counts[i] += 1
            if i:
                seconds[i].append((at[0] - best[i - 1][0]).total_seconds())
    return counts, seconds, left_out


def selectors(names):
    return tuple(check_selector(name, "steps") for name in names)


@pytest.fixture
def ask(site, insert_events):
    def go(rows, steps, **more):
        insert_events(site, rows)
        return run(Funnel(Scope(site.pk, PERIOD), selectors(steps), **more))

    return go


@pytest.mark.parametrize("steps", ["abc", "aba", "aab", "ab"])
@pytest.mark.parametrize("order", ["ordered", "strict", "unordered"])
@pytest.mark.parametrize("days", [1, 14])
def test_counts_and_times(ask, steps, order, days):
    if order == "unordered" and len(set(steps)) < len(steps):
        pytest.skip("refused")
    rows = make_rows(seed=days)
    window = timedelta(days=days)
    counts, seconds, _ = expect(rows, steps, order, window)
    result = ask(rows, steps, order=order, window=days * 86_400)
    assert [s.people for s in result.steps] == counts
    assert counts[-1] > 0
    for step, taken in list(zip(result.steps, seconds, strict=True))[1:]:
        assert step.median_seconds == pytest.approx(statistics.median(taken))
        assert step.mean_seconds == pytest.approx(statistics.mean(taken), abs=1e-2)


def test_by_session_and_by_country(ask, site):
    rows = make_rows(seed=5)
    result = ask(rows, "ab", by="session", breakdown="country")
    assert [s.people for s in result.steps] == expect(rows, "ab", by="session_id")[0]
    for country in ("DE", "US"):
        of_country = [r for r in rows if r["country"] == country]
        assert [s.people for s in result.groups[country]] == expect(of_country, "ab", by="session_id")[0]


def test_exclusions(ask):
    rows = make_rows(seed=9)
    counts, _, left_out = expect(rows, "abc", exclusions=[("x", 1, 2)])
    exclusion = Exclusion(check_selector("x", "exclusions"), 1, 2)
    result = ask(rows, "abc", exclusions=(exclusion,))
    assert ([s.people for s in result.steps], result.excluded) == (counts, left_out)
    assert left_out > 0


def test_nobody(site, stores):
    result = run(Funnel(Scope(site.pk, PERIOD), selectors("ab")))
    assert [(s.people, s.share_of_first) for s in result.steps] == [(0, None), (0, None)]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"steps": selectors("a")}, "steps"),
        ({"steps": selectors("aa"), "order": "unordered"}, "steps"),
        ({"exclusions": (Exclusion(check_selector("x", ""), 2, 1),)}, "exclusions"),
        ({"breakdown": "exit_page"}, "breakdown"),
        ({"breakdown": "nothing"}, "breakdown"),
    ],
)
def test_what_cannot_be_asked(site, more, field):
    with pytest.raises(BadQuery) as refused:
        run(Funnel(**{"scope": Scope(site.pk, PERIOD), "steps": selectors("ab"), **more}))
    assert refused.value.field == field


@pytest.mark.parametrize("steps", ["ab", "aab", "aba", "abc", "aaa"])
@pytest.mark.parametrize("minutes", [20, 1440])
@pytest.mark.parametrize(
    ("order", "exclusions"),
    [("ordered", []), ("strict", []), ("ordered", [("x", 1, 2)])],
    ids=["ordered", "strict", "without"],
)
def test_long_runs_of_the_same_event(ask, steps, order, minutes, exclusions):
    """What is left out of a run changes no figure, nor where only what is inside of it is soon enough."""
    rng, rows, at = random.Random(11), [], START + timedelta(hours=3)
    for person in range(1, 40):
        at = START + timedelta(hours=person)
        kinds = [kind for _ in range(6) for kind in rng.choice("abcx") * rng.choice([1, 2, 9, 40])]
        for index, kind in enumerate(kinds):
            at += timedelta(seconds=rng.randint(1, 4000))
            rows.append({
                "timestamp": at.replace(microsecond=0), "received_at": at, "event_type": kind, "event_index": index, "path": "/",
                "visitor_id": person, "person_id": person, "session_id": person, "interactive": True,
            })  # fmt: skip
    counts, seconds, _ = expect(rows, steps, order, timedelta(minutes=minutes), exclusions=exclusions)
    left_out = tuple(Exclusion(check_selector(kind, ""), after, before) for kind, after, before in exclusions)
    result = ask(rows, steps, order=order, window=minutes * 60, exclusions=left_out)
    assert [s.people for s in result.steps] == counts
    for step, taken in list(zip(result.steps, seconds, strict=True))[1:]:
        assert step.mean_seconds == (pytest.approx(statistics.mean(taken), abs=1e-2) if taken else None)


@pytest.mark.parametrize("order", ["ordered", "strict"])
def test_as_many_steps_as_there_may_be(ask, order):
    at = PERIOD.start
    rows = [
        {"timestamp": at + timedelta(minutes=n), "event_index": n, "event_type": "ab"[n % 2], "person_id": person, "session_id": person}
        for person, came in ((1, 20), (2, 13), (3, 1))
        for n in range(came)
    ]  # fmt: skip
    result = ask(rows, "ab" * 10, order=order)
    assert [s.people for s in result.steps] == [3, *[2] * 12, *[1] * 7]
    assert result.median_seconds == 19 * 60
