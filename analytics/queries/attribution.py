"""Attribution (semantics.md): which sources deserve a conversion, by seven models side by side.

Money and credits are exact: a credit is a whole number of billionths, those of one conversion sum to 10^9, and the share
that does not divide goes to the last touch. The data-driven model is the removal effect in a Markov chain of touches
(Anderl et al., 2016): how many conversions would be missing if every path through a channel ended there.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

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
PURCHASE = Selector(event="purchase")
START = "(start)"


@dataclass(frozen=True, slots=True)
class Attribution:
    """`goal`: what a conversion is; its revenue is the event's. `lookback`: days in which a touch counts."""

    scope: Scope
    goal: Selector = PURCHASE
    by: str = "channel"
    lookback: int = 30


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


class Told:
    """Of one channel, source …: sessions that touch in the period, and by model the billionths of conversions, those times
    the revenue in ten-thousandths, and the billionths of first conversions."""

    def __init__(self) -> None:
        self.touches = 0
        self.parts = {name: [0, 0, 0] for name in SIMPLE}

    def add(self, n: int, first: bool, last: bool, sums: list[int]) -> None:
        """`sums`: as in attribution.sql, of where it stands so in a path of `n` touches."""
        self.touches += sums[0]
        weights = {
            "last_touch": WHOLE * last, "first_touch": WHOLE * first, "linear": linear(n, last),
            "position_based": position_based(n, first, last),
        }  # fmt: skip
        for name, weight in weights.items():
            for i in range(3):
                self.parts[name][i] += weight * sums[1 + i]
        for i in range(3):
            self.parts["last_non_direct"][i] += WHOLE * sums[4 + i]
            self.parts["time_decay"][i] += sums[7 + i]

    def credit(self, model: str) -> tuple[Credit, float]:
        """All conversions', and the first conversions' alone."""
        conversions, money, first = self.parts[model]
        return Credit(conversions / WHOLE, Decimal(money) / WHOLE / 10_000), first / WHOLE


def linear(n: int, last: bool) -> int:
    return WHOLE // n + last * (WHOLE % n)


def position_based(n: int, first: bool, last: bool) -> int:
    if n < 3:
        return linear(n, last)
    between = WHOLE // 5 // (n - 2)
    if first or last:
        return 2 * WHOLE // 5 + last * (WHOLE // 5 - between * (n - 2))
    return between


def check_attribution(asked: Attribution) -> None:
    if asked.by not in DIMENSIONS:
        raise BadQuery("by", f"expected one of {', '.join(DIMENSIONS)}, got {asked.by[:40]!r}")
    get_dimension(asked.by, "by")
    if not 1 <= asked.lookback <= 90:
        raise BadQuery("lookback", f"expected 1 to 90 days, got {asked.lookback}")


def run(asked: Attribution, tag: str = "attribution") -> AttributionResult:
    check_attribution(asked)
    asked_all, asked_told = soon(*statement(asked, "attribution_conversions"), tag), soon(*statement(asked), tag)
    paths, credited = apart(asked_told())
    driven, converted = markov(paths), [row for row in paths if row[1] > 0]
    count, revenue, _ = asked_all()[0]
    total, paid = sum(row[1] for row in converted), sum((row[3] for row in converted), Decimal(0))
    made = []
    # What a person met in the period or before a conversion; the data-driven model credits no other either.
    for value, one in credited.items():
        credits = {name: one.credit(name)[0] for name in SIMPLE}
        credits["data_driven"] = driven_credit(driven.get(value, 0.0), total, paid)
        made.append(Row(value, one.touches, credits))
    made.sort(key=lambda row: (-row.credits["last_touch"].conversions, row.value))
    common = sorted(((tuple(row[0]), row[1]) for row in converted), key=lambda p: (-p[1], p[0]))[:50]
    return AttributionResult(made, count, revenue, count - total, common)


def apart(rows: list[tuple[Any, ...]]) -> tuple[list[tuple[Any, ...]], dict[str, Told]]:
    """The paths as markov reads them, and what is told of each value."""
    paths: list[tuple[Any, ...]] = []
    values: dict[str, Told] = defaultdict(Told)
    for n, edge, names, sums in rows:
        if n:
            values[names[0]].add(n, bool(edge & 1), bool(edge & 2), sums)
        else:
            paths.append((names, sums[0], sums[1], Decimal(sums[2]) / 10_000))
    return paths, values


def begin_sessions(asked: Attribution, tag: str) -> Callable[[], dict[str, int]]:
    """All of the period, those that are no touch among them, by value."""
    rows = soon(*statement(asked, "attribution_sessions"), tag)
    return lambda: dict(rows())


def begin_credits(asked: Attribution, model: str, tag: str) -> Callable[[], dict[str, tuple[Credit, float]]]:
    """Of one model: its credit of all conversions, and of those that are the first ever of a person, as new customers are.
    What nothing led to stands under ''."""
    check_attribution(asked)
    conversions = soon(*statement(asked, "attribution_conversions", first="told"), tag)
    if model in SIMPLE:  # the paths of who converted tell all
        credited = soon(*statement(asked, first="told", theirs=True), tag)
        return lambda: with_rest(
            {value: one.credit(model) for value, one in apart(credited())[1].items()}, *conversions()[0]
        )
    every, first = soon(*statement(asked), tag), soon(*statement(asked, first="only"), tag)
    return lambda: with_rest(driven_of(apart(every())[0], apart(first())[0]), *conversions()[0])


def driven_of(paths: list[tuple[Any, ...]], first: list[tuple[Any, ...]]) -> dict[str, tuple[Credit, float]]:
    shares, newly = markov(paths), markov(first)
    count, newcomers = (sum(row[1] for row in rows) for rows in (paths, first))
    paid = sum((row[3] for row in paths), Decimal(0))
    return {
        value: (driven_credit(shares.get(value, 0.0), count, paid), newly.get(value, 0.0) * newcomers)
        for value in {**shares, **newly}
    }


def driven_credit(share: float, conversions: int, revenue: Decimal) -> Credit:
    return Credit(share * conversions, (Decimal(str(share)) * revenue).quantize(Decimal("0.0001")))


def with_rest(
    found: dict[str, tuple[Credit, float]], count: int, revenue: Decimal | None, first: int
) -> dict[str, tuple[Credit, float]]:
    """With what no touch led to under ''."""
    none, new = found.get("", (Credit(0.0, Decimal(0)), 0.0))
    rest = max(0.0, count - round(sum(credit.conversions for credit, _ in found.values()), 4))
    more = (revenue or Decimal(0)) - sum((credit.revenue for credit, _ in found.values()), Decimal(0)) if rest else 0
    newcomers = max(0.0, first - round(sum(part for _, part in found.values()), 4))
    if rest or newcomers:
        found[""] = (Credit(none.conversions + rest, none.revenue + more), new + newcomers)
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


def statement(
    asked: Attribution, report: str = "attribution", first: Literal["", "told", "only"] = "", theirs: bool = False
) -> tuple[str, dict[str, Any]]:
    """The touches lie in the look-back before the period, too; each person's conversions in it. `first`: the first that a
    person ever did is marked, or stands alone. `theirs`: of who converted alone, which takes less."""
    bound, period = Bound(), asked.scope.period
    early = Scope(asked.scope.site_id, period, asked.scope.filters)
    goal, kinds = condition(asked.goal, bound), kinds_of_all([asked.goal])
    bound.values |= {
        "lookback": asked.lookback * 86_400_000,
        "touch_start": moment(period.start - timedelta(days=asked.lookback)),
    }
    if first:  # the filters are asked of the first one, and do not choose which is the first
        early = Scope(asked.scope.site_id, period, since=EVER)
        conversions = fill(
            "first_conversions", events=events_of(early, bound, goal, kinds, once=True),
            filter=to_sql(asked.scope.filters, bound, event_place), wanted="is_first" if first == "only" else "true",
        )  # fmt: skip
    else:
        conversions = f"SELECT *, false AS is_first FROM ({events_of(early, bound, goal, kinds, once=True)})"
    if report == "attribution_conversions":
        return fill(report, conversions=conversions), params_of(early, bound)
    if report == "attribution_sessions":
        return fill(report, by=asked.by, touches=folded({asked.by})), params_of(early, bound)
    needed = {asked.by, "visitor_id", "user_person", "channel", "internal"}
    who = f"s.session_id IN ({fill('attribution_theirs', conversions=conversions)})" if theirs else "true"
    known = is_identified(asked.scope.site_id, period.start - timedelta(days=asked.lookback), period.end)
    journeys = fill(
        "attribution_journeys", by=asked.by, touches=folded(needed, "touch_start", who), conversions=conversions,
        person="if(user_person != 0, user_person, visitor_id)" if known else "visitor_id", join="INNER" if theirs else "LEFT",
    )  # fmt: skip
    return fill(report, journeys=journeys), params_of(early, bound)
