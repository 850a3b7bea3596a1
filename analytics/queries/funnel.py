"""Funnels (semantics.md, Conversion and funnels): how many people take one step after another, and how long they need."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from string import Template
from typing import Any, Literal

from analytics.queries.conditions import Bound
from analytics.queries.dimensions import BadQuery, get_dimension
from analytics.queries.people import Scope, Selector, condition, events_of, number, params_of, reaching, types_of
from analytics.queries.store import cached, fill, moment
from analytics.queries.traits import get_traits

Order = Literal["ordered", "strict", "unordered"]
ORDERS = ("ordered", "strict", "unordered")
MOST_STEPS, MOST_GROUPS = 20, 25
DEFAULT_WINDOW = 14 * 86_400
ONE_STEP = "groupBitOr(steps) = 1 AND groupBitOr(exclusions) = 0"
# The ends of runs of events that fit the same. Inside, an event that is two steps may still be the second soon enough after
# one that is the first, and so may one that is excluded as well.
ENDS = (
    "arrayFilter((e, run, before, after) -> NOT (run = before AND run = after) OR bitAnd(e.3, toUInt32(e.3 - 1)) != 0"
    " OR (e.3 != 0 AND e.4 != 0), all_moments, runs, arrayShiftRight(runs, 1, 0), arrayShiftLeft(runs, 1, 0))"
)
EMPTY = "CAST([], 'Array(Int64)')"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Who does this after step `after` and before step `before` (both from 1) is left out of the funnel."""

    selector: Selector
    after: int
    before: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """`window`: seconds from the first step. `by`: person or session."""

    scope: Scope
    steps: tuple[Selector, ...]
    order: Order = "ordered"
    window: int = DEFAULT_WINDOW
    exclusions: tuple[Exclusion, ...] = ()
    by: Literal["person", "session"] = "person"
    breakdown: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Seconds are from the previous step. Shares are percent; None of nothing."""

    name: str
    people: int
    share_of_first: float | None
    share_of_previous: float | None
    dropped: int
    mean_seconds: float | None
    median_seconds: float | None


@dataclass(frozen=True, slots=True)
class FunnelResult:
    steps: list[Step]
    excluded: int
    median_seconds: float | None  # from the first to the last step
    groups: dict[str, list[Step]]


@dataclass(frozen=True, slots=True)
class FunnelPerson:
    """`person`: the hash by which Footfall knows them. `reached`: when they took the step asked about."""

    person: str
    reached: datetime
    steps: int
    first_seen: datetime
    last_seen: datetime
    events: int
    country: str
    device_type: str
    channel: str
    traits: dict[str, str] = field(default_factory=dict)  # of those that name the person; see put_traits


def check_funnel(funnel: Funnel) -> None:
    if not 2 <= len(funnel.steps) <= MOST_STEPS:
        raise BadQuery("steps", f"expected 2 to {MOST_STEPS}, got {len(funnel.steps)}")
    if funnel.order == "unordered" and len(set(funnel.steps)) < len(funnel.steps):
        raise BadQuery("steps", "without an order each step has to differ from the others")
    for exclusion in funnel.exclusions:
        if not 1 <= exclusion.after < exclusion.before <= len(funnel.steps):
            raise BadQuery(
                "exclusions", f"expected after and before to be steps from 1 to {len(funnel.steps)}, in this order"
            )
    if funnel.exclusions and funnel.order == "unordered":
        raise BadQuery("exclusions", "a funnel without an order has nothing between two steps")
    if funnel.breakdown and not get_dimension(funnel.breakdown, "breakdown").event:
        raise BadQuery("breakdown", f"{funnel.breakdown} is known of sessions only")


def run(funnel: Funnel, tag: str = "funnel") -> FunnelResult:
    check_funnel(funnel)
    total, *rows = cached(*statement(funnel), tag) or [("", 0, [], [], [], None)]
    groups = {str(row[0]): steps_of(funnel, row) for row in rows[:MOST_GROUPS]} if funnel.breakdown else {}
    return FunnelResult(steps_of(funnel, total), total[1], number(total[5]), groups)


def get_people(
    funnel: Funnel, step: int, dropped: bool = False, limit: int = 100, tag: str = "funnel.people"
) -> list[FunnelPerson]:
    """Who took the step (from 1); `dropped`: and none after it."""
    check_funnel(funnel)
    if funnel.by != "person":
        raise BadQuery("by", "the people of a step are those of a funnel by person")
    if not 1 <= step <= len(funnel.steps) or (dropped and step == len(funnel.steps)):
        raise BadQuery("step", f"expected a step from 1 to {len(funnel.steps) - dropped}, got {step}")
    return [
        FunnelPerson(
            person, datetime.fromtimestamp(at / 1000, UTC), steps, first.replace(tzinfo=UTC), last.replace(tzinfo=UTC), *rest
        )
        for person, at, steps, first, last, *rest in cached(*people_statement(funnel, step, dropped, limit), tag)
    ]  # fmt: skip


def put_traits(site_id: int, people: list[FunnelPerson], plain: bool) -> list[FunnelPerson]:
    found = get_traits(site_id, (int(one.person, 16) for one in people), plain)
    texts = {person: {name: str(value) for name, value in told.items()} for person, told in found.items()}
    return [replace(one, traits=texts.get(int(one.person, 16), {})) for one in people]


def steps_of(funnel: Funnel, row: tuple[Any, ...]) -> list[Step]:
    counts = [*row[2], *[0] * len(funnel.steps)]
    made = []
    for i, selector in enumerate(funnel.steps):
        people, before = counts[i], counts[i - 1] if i else counts[0]
        mean, median = (row[3][i - 1], row[4][i - 1]) if 0 < i <= len(row[3]) else (None, None)
        made.append(
            Step(
                selector.label, people, share(people, counts[0]), share(people, before), before - people, number(mean),
                number(median),
            )
        )  # fmt: skip
    return made


def share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 4) if whole else None


def actors_of(funnel: Funnel) -> tuple[str, Bound]:
    bound, scope = Bound(), reaching(funnel.scope, funnel.window)
    before = bound.add(moment(funnel.scope.period.end), "DateTime64(3, 'UTC')")
    step_mask = mask_of_types(funnel, bound, before) or mask_of_conditions(funnel, bound, before)
    excluded = [
        f"bitShiftLeft(toUInt32({condition(item.selector, bound)}), {i})"
        for item in funnel.exclusions
        for i in range(item.after, item.before)  # on the way to step i + 1, which is bit i
    ]
    # Without an order any step may be the first: then the period's end bounds the moment at which an attempt begins.
    bound.values |= {"window": funnel.window * 1000, "last": int(funnel.scope.period.end.timestamp() * 1000)}
    steps = len(funnel.steps)
    first = "true" if funnel.order == "unordered" else "bitTest(steps, 0)"
    breakdown = get_dimension(funnel.breakdown, "breakdown").event if funnel.breakdown else ""
    group = f"argMinIf(toString({breakdown}), (timestamp, event_index), {first})" if breakdown else "''"
    quick = funnel.order == "ordered" and not funnel.exclusions
    shared = {
        "actor": "person" if funnel.by == "person" else "session_id", "group_value": group, "step_mask": step_mask,
        "events": events_of(scope, bound, types_of(funnel.steps, bound) if quick else "true"),
    }  # fmt: skip
    if quick:
        return fill("funnel_quick", **walk(steps), **shared), bound
    unordered = funnel.order == "unordered"
    actors = fill(
        "funnel_actors", **shared, one_step="false" if unordered else ONE_STEP, moments="all_moments" if unordered else ENDS,
        attempt=attempt(funnel.order, steps), exclusion_mask=ored(excluded or ["0"]), first=first,
        relevant="true" if funnel.order == "strict" else "steps != 0 OR exclusions != 0",
    )  # fmt: skip
    return actors, bound


def mask_of_conditions(funnel: Funnel, bound: Bound, before: str) -> str:
    """Bit i - 1 where an event is step i; only before the period's end does one begin an attempt."""
    masks = []
    for i, selector in enumerate(funnel.steps):
        term = condition(selector, bound)
        if i == 0 and funnel.order != "unordered":
            term = f"({term} AND timestamp < {before})"
        masks.append(f"bitShiftLeft(toUInt32({term}), {i})")
    return ored(masks)


def mask_of_types(funnel: Funnel, bound: Bound, before: str) -> str:
    """The same where steps are nothing but types, which takes one look at a dictionary; else empty."""
    if not all(selector.event and not selector.filters for selector in funnel.steps):
        return ""
    bits: dict[str, int] = {}
    for i, selector in enumerate(funnel.steps):
        bits[selector.event] = bits.get(selector.event, 0) | 1 << i
    names, marks = bound.add(list(bits), "Array(String)"), bound.add(list(bits.values()), "Array(UInt32)")
    mask = f"transform(event_type, {names}, {marks}, toUInt32(0))"
    if funnel.order == "unordered":
        return mask
    return f"bitAnd({mask}, if(timestamp < {before}, toUInt32(4294967295), toUInt32(4294967294)))"


def people_statement(funnel: Funnel, step: int, dropped: bool, limit: int) -> tuple[str, dict[str, Any]]:
    actors, bound = actors_of(funnel)
    bound.values |= {"step": step, "most": limit}
    scope = reaching(funnel.scope, funnel.window)
    wanted = f"length(chain) {'=' if dropped else '>='} {step}"
    sql = fill("funnel_people", actors=actors, wanted=wanted, events=events_of(scope, bound))
    return sql, params_of(scope, bound)


def statement(funnel: Funnel) -> tuple[str, dict[str, Any]]:
    actors, bound = actors_of(funnel)
    sets = "GROUPING SETS ((), (group_value))"
    sql = fill(
        "funnel", actors=actors, steps=str(len(funnel.steps)), grouping=sets if funnel.breakdown else "group_value",
        order="grouping(group_value) DESC," if funnel.breakdown else "",
        counts=", ".join(f"countIf(NOT excluded AND came >= {k})" for k in range(1, len(funnel.steps) + 1)),
    )  # fmt: skip
    return sql, params_of(reaching(funnel.scope, funnel.window), bound)


def ored(terms: list[str]) -> str:
    return "bitOr(" * (len(terms) - 1) + terms[0] + "".join(f", {term})" for term in terms[1:])


# What an attempt is, per order, over `moments` in order of time: (ms, event_index, bits of steps, bits of exclusions).
#
# ordered and strict fold over them. acc.1 has for each step the moments of the newest attempt that came so far (the first
# moment is its start), acc.2 the furthest attempt, as of the event before, acc.3 whether an exclusion fell between two
# steps. An event serves each step from what was before it, so that one event is never two steps; an attempt takes the
# first event that fits; a newer start takes over, for it has more of its window left. Source: PostHog's funnels.
# unordered looks from each event in the period for the first of each step within the window.
FOLD = """arrayFold((acc, e) -> (
        arrayMap((i, old, before) -> CAST(multiIf(
            NOT bitTest(e.3, i - 1), $otherwise,
            i = 1, [e.1],
            notEmpty(before) AND e.1 - before[1] <= {window:Int64} $again, arrayPushBack(before, e.1),
            $otherwise), 'Array(Int64)'), range(1, $steps + 1), acc.1, arrayPopBack(arrayPushFront(acc.1, $empty))),
        $furthest,
        toUInt8(acc.3 OR (e.4 != 0 AND length(acc.2) < $steps AND empty(acc.1[$steps]) AND arrayExists((i, old, before) ->
            bitTest(e.4, i - 1) AND notEmpty(before) AND e.1 - before[1] <= {window:Int64}
            AND NOT (notEmpty(old) AND old[1] = before[1]),
            range(1, $steps + 1), acc.1, arrayPopBack(arrayPushFront(acc.1, $empty)))))
    ), moments, (arrayMap(x -> $empty, range($steps)), $empty, toUInt8(0))) AS acc, ($furthest, acc.3)"""
FURTHEST = (
    "if(arrayLastIndex(c -> notEmpty(c), acc.1) > length(acc.2), acc.1[arrayLastIndex(c -> notEmpty(c), acc.1)], acc.2)"
)
UNORDERED = """arrayMap(s -> arraySort(arrayFilter(t -> t < 9000000000000000, arrayMap(i ->
            arrayMin(e -> if(bitTest(e.3, i) AND e.1 >= s AND e.1 - s <= {window:Int64}, e.1, 9000000000000000), moments),
            range($steps)))), arrayFilter(t -> t < {last:Int64}, moments.1)) AS acc,
        (CAST(acc[indexOf(arrayMap(c -> length(c), acc), arrayMax(c -> length(c), acc))], 'Array(Int64)'), toUInt8(0))"""


def walk(steps: int) -> dict[str, str]:
    """The same as FOLD for an order without exclusions, step by step over whole arrays in place of event by event.

    sK has at each event that takes step K the start (ms) of the newest attempt that came there, else 0. An event takes step
    K with the start of the newest attempt that had come to step K - 1 before it: starts only rise with time, so that is the
    last one before it (arrayFill carries it on). The furthest attempt is the first that came as far as any; its moments are
    those at which its start is first met in s1, s2 … Each part is a level of the statement: within one, ClickHouse writes
    an alias out wherever it is used, and twenty steps would be more than it takes."""
    parts = ["arrayMap((t, m) -> if(bitTest(m, 0), t, 0), times, marks) AS s1"]
    for k in range(2, steps + 1):
        before = f"arrayShiftRight(arrayFill(x -> x != 0, s{k - 1}), 1, toInt64(0))"
        taken = f"bitTest(m, {k - 1}) AND b != 0 AND t - b <= {{window:Int64}}"
        parts.append(f"arrayMap((t, m, b) -> if({taken}, b, 0), times, marks, {before}) AS s{k}")
    names = [f"s{k}" for k in range(1, steps + 1)]
    return {
        "walk": ",\n            ".join(parts),
        "names": ", ".join(names),
        "level": " + ".join(f"arrayExists(x -> x != 0, {name})" for name in names),
        "furthest": f"multiIf({''.join(f'level = {k}, s{k}, ' for k in range(steps, 1, -1))}s1)",
        "moments": ", ".join(f"times[indexOf({name}, began)]" for name in names),
    }


def attempt(order: Order, steps: int) -> str:
    """The expression of (moments of the furthest attempt, excluded)."""
    otherwise, again = ("old", "AND NOT (notEmpty(old) AND old[1] = before[1])") if order == "ordered" else (EMPTY, "")
    text = UNORDERED if order == "unordered" else FOLD
    slots = {"otherwise": otherwise, "again": again, "furthest": FURTHEST, "empty": EMPTY, "steps": str(steps)}
    return Template(text).substitute(slots)
