"""Attribution (semantics.md): which sources deserve a conversion, by seven models side by side.

Money and credits are exact: a credit is a whole number of billionths, those of one conversion sum to 10^9, and the share
that does not divide goes to the last touch. The data-driven model is the removal effect in a Markov chain of touches
(Anderl et al., 2016): how many conversions would be missing if every path through a channel ended there.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from analytics.queries.conditions import Bound, event_place, folded, to_sql
from analytics.queries.dimensions import BadQuery, get_dimension
from analytics.queries.people import EVER, Scope, Selector, condition, events_of, is_identified, kinds_of_all, params_of
from analytics.queries.store import fill, moment, soon

MODELS = {
    "last_touch": "Last touch", "last_non_direct": "Last non-direct", "first_touch": "First touch", "linear": "Linear",
    "position_based": "Position-based 40/20/40", "time_decay": "Time decay, half-life 7 days",
    "data_driven": "Data-driven (Markov)",
}  # fmt: skip
SIMPLE = tuple(name for name in MODELS if name != "data_driven")
DIMENSIONS = (
    "channel",
    "source",
    "medium",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "referrer",
    "entry_page",
)
WHOLE = 10**9
SUMS = "sum({0}), sum(toInt256({0}) * toInt256(conversion.2 * 10000))"
PURCHASE = Selector(event="purchase")
START, CONVERSION, NOTHING = "(start)", "(conversion)", "(null)"


@dataclass(frozen=True, slots=True)
class Attribution:
    """`goal`: what a conversion is; its revenue is the event's. `lookback`: days in which a touch counts.
    `first_only`: the first conversion that a person ever did, as of a new customer."""

    scope: Scope
    goal: Selector = PURCHASE
    by: str = "channel"
    lookback: int = 30
    first_only: bool = False


@dataclass(frozen=True, slots=True)
class Credit:
    conversions: float
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class Row:
    """Of one channel, source …: sessions that touch in the period, and what each model credits it with."""

    value: str
    touches: int
    credits: dict[str, Credit]


@dataclass(frozen=True, slots=True)
class AttributionResult:
    rows: list[Row]
    conversions: int
    revenue: Decimal
    untouched: int  # conversions without any touch in the look-back
    paths: list[tuple[tuple[str, ...], int]]  # the commonest, with their conversions


def check_attribution(asked: Attribution) -> None:
    if asked.by not in DIMENSIONS:
        raise BadQuery("by", f"expected one of {', '.join(DIMENSIONS)}, got {asked.by[:40]!r}")
    get_dimension(asked.by, "by")
    if not 1 <= asked.lookback <= 90:
        raise BadQuery("lookback", f"expected 1 to 90 days, got {asked.lookback}")


def run(asked: Attribution, tag: str = "attribution") -> AttributionResult:
    check_attribution(asked)
    asked_paths, asked_credits, asked_touches, asked_all = (
        soon(*statement(asked, f"attribution_{name}"), tag) for name in ("paths", "credits", "touches", "conversions")
    )
    paths = asked_paths()
    converted = [row for row in paths if row[1] > 0]
    driven = markov(paths)
    # The data-driven model also credits what led to a conversion through somebody else's path.
    touches: dict[str, int] = dict(asked_touches())
    values = {touch for row in converted for touch in row[0]} | {value for value, part in driven.items() if part > 0}
    values |= touches.keys()  # and what led to none
    total, revenue = sum(row[1] for row in converted), sum((row[3] for row in converted), Decimal(0))
    shares: dict[str, dict[str, list[Any]]] = {value: {name: [0, 0] for name in SIMPLE} for value in sorted(values)}
    for value, *numbers in asked_credits():
        if value in shares:
            for i, name in enumerate(SIMPLE):
                shares[value][name] = [numbers[2 * i], numbers[2 * i + 1]]
    made = []
    for value in shares:
        credits = {
            name: Credit(parts / WHOLE, Decimal(money) / WHOLE / 10_000)
            for name, (parts, money) in shares[value].items()
        }
        part = driven.get(value, 0.0)
        credits["data_driven"] = Credit(part * total, (Decimal(str(part)) * revenue).quantize(Decimal("0.0001")))
        made.append(Row(value, touches.get(value, 0), credits))
    made.sort(key=lambda row: (-row.credits["last_touch"].conversions, row.value))
    common = sorted(((tuple(row[0]), row[1]) for row in converted), key=lambda p: (-p[1], p[0]))[:50]
    untouched = asked_all()[0]
    return AttributionResult(made, untouched[0], untouched[1], untouched[0] - total, common)


def begin_sessions(asked: Attribution, tag: str) -> Callable[[], dict[str, int]]:
    """All of the period, those that are no touch among them, by value."""
    rows = soon(*statement(asked, "attribution_sessions"), tag)
    return lambda: dict(rows())


def begin_credits(asked: Attribution, model: str, tag: str) -> Callable[[], dict[str, Credit]]:
    """Of one model alone, which takes less than all of them side by side. What nothing led to stands under ''."""
    check_attribution(asked)
    conversions = soon(*statement(asked, "attribution_conversions"), tag)
    if model not in SIMPLE:
        return lambda: with_rest({row.value: row.credits[model] for row in run(asked, tag).rows}, *conversions()[0])
    credited = soon(*statement(asked, "attribution_credits", (model,)), tag)

    def finish() -> dict[str, Credit]:
        found = {value: Credit(parts / WHOLE, Decimal(money) / WHOLE / 10_000) for value, parts, money in credited()}
        return with_rest(found, *conversions()[0])

    return finish


def with_rest(found: dict[str, Credit], count: int, revenue: Decimal | None) -> dict[str, Credit]:
    none = found.get("", Credit(0.0, Decimal(0)))
    rest = count - round(sum(credit.conversions for credit in found.values()), 4)
    if rest > 0:
        more = (revenue or Decimal(0)) - sum((credit.revenue for credit in found.values()), Decimal(0))
        found[""] = Credit(none.conversions + rest, none.revenue + more)
    return found


def markov(paths: list[tuple[Any, ...]]) -> dict[str, float]:
    """Shares that sum to 1. `paths`: (touches, conversions, times the path ended without one, revenue)."""
    values = sorted({touch for row in paths for touch in row[0]})
    if not any(row[1] for row in paths):
        return {}
    index = {name: i for i, name in enumerate([START, *values])}
    size = len(index)
    moves, wins = np.zeros((size, size)), np.zeros(size)
    leaving = np.zeros(size)
    for touches, conversions, misses, *_ in paths:
        steps = [START, *touches]
        for one, two in itertools.pairwise(steps):
            moves[index[one], index[two]] += conversions + misses
        wins[index[steps[-1]]] += conversions
        leaving[index[steps[-1]]] += misses
    whole = np.maximum(moves.sum(axis=1) + wins + leaving, 1)
    moves, wins = moves / whole[:, None], wins / whole
    reached = np.linalg.solve(np.eye(size) - moves, wins)[0]
    effects = {}
    for name in values:
        kept = [i for i in range(size) if i != index[name]]
        without = np.linalg.solve(np.eye(size - 1) - moves[np.ix_(kept, kept)], wins[kept])[0]
        effects[name] = max(0.0, 1 - without / reached) if reached else 0.0
    total = sum(effects.values())
    return {name: effect / total for name, effect in effects.items()} if total else {}


def statement(asked: Attribution, report: str, models: tuple[str, ...] = SIMPLE) -> tuple[str, dict[str, Any]]:
    """The touches lie in the look-back before the period, too; each person's conversions in it."""
    bound, period = Bound(), asked.scope.period
    early = Scope(asked.scope.site_id, period, asked.scope.filters)
    goal = condition(asked.goal, bound)
    kinds = kinds_of_all([asked.goal])
    known = is_identified(asked.scope.site_id, period.start - timedelta(days=asked.lookback), period.end)
    bound.values |= {
        "lookback": asked.lookback * 86_400_000,
        "touch_start": moment(period.start - timedelta(days=asked.lookback)),
    }
    needed = {asked.by, "visitor_id", "user_person", "channel", "internal"}
    if asked.first_only:  # the filters are asked of the first one, and do not choose which is the first
        early = Scope(asked.scope.site_id, period, since=EVER)
        fits = to_sql(asked.scope.filters, bound, event_place)
        conversions = fill("first_conversions", events=events_of(early, bound, goal, kinds, once=True), filter=fits)
    else:
        conversions = events_of(early, bound, goal, kinds, once=True)
    parts = [f"credit.2[{i + 1}]" for i in range(len(models))]
    slots = {
        "models": ", ".join(models), "sums": ", ".join(map(SUMS.format, parts)),
        "conversions": conversions, "by": asked.by,
        "person": "if(user_person != 0, user_person, visitor_id)" if known else "visitor_id",
    }  # fmt: skip
    # Who did not convert leaves one path, which takes less to find than their journeys would.
    buyers = f"(SELECT person FROM ({conversions}))"
    slots["buyers"] = buyers
    theirs = fill("attribution_theirs", buyers=buyers)
    slots["journeys"] = fill(
        "attribution_journeys", **(slots | {"touches": folded(needed, "touch_start", f"s.session_id IN ({theirs})")})
    )
    slots["touches"] = folded(needed)
    return fill(report, **{name: slots[name] for name in SLOTS[report]}), params_of(early, bound)


SLOTS = {
    "attribution_paths": ("journeys", "touches", "person", "by", "buyers"),
    "attribution_credits": ("journeys", "models", "sums"),
    "attribution_touches": ("touches", "by"),
    "attribution_sessions": ("touches", "by"),
    "attribution_conversions": ("conversions",),
}
