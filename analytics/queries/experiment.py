"""A/B tests (semantics.md, Experiments): what each variant does to a metric, and how sure that is.

Effects are relative to the control: (mean - control) / control, with the variance of the delta method. Bayesian: a flat
prior, so the effect is normal around what was seen; chance to win, credible interval and risk follow. Frequentist: z-test
of two proportions (pooled) or Welch's t-test for the p-value, the same variance for the interval; the sequential interval
is always valid (asymptotic confidence sequence, Waudby-Smith et al. 2021, tuned for 5,000 people). Source: gbstats of
GrowthBook.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from analytics.queries.conditions import Bound
from analytics.queries.dimensions import BadQuery, get_dimension
from analytics.queries.filters import asks_people
from analytics.queries.people import Scope, Selector, by_session, condition, events_of, kinds_of_all, params_of
from analytics.queries.store import cached, fill

Kind = Literal["conversion", "count", "revenue", "ratio"]
KINDS = ("conversion", "count", "revenue", "ratio")
LEAST_PEOPLE, LEAST_CONVERSIONS = 100, 25
TUNED_FOR = 5000
MISMATCH = 0.001
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Experiment:
    """`name`: the key of ab_test_variants. `weights`: the share of people that each variant is meant to get; equal if empty.

    conversion: did the person do `goal`; count: how often; revenue: its sum; ratio: events of goal per event of `per`."""

    scope: Scope
    name: str
    goal: Selector
    kind: Kind = "conversion"
    per: Selector | None = None
    control: str = ""
    stats: Literal["bayesian", "frequentist"] = "bayesian"
    sequential: bool = False
    weights: dict[str, float] = field(default_factory=dict)
    breakdown: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """Sums over the people of a variant: m the metric, d the denominator of a ratio (1 otherwise)."""

    variant: str
    n: int
    converted: int
    m: float
    mm: float
    d: float = 0.0
    dd: float = 0.0
    md: float = 0.0
    kind: Kind = "conversion"

    @property
    def mean(self) -> float:
        if self.kind == "ratio":
            return self.m / self.d if self.d else 0.0
        return self.m / self.n if self.n else 0.0

    @property
    def variance(self) -> float:
        """Of one person's value. Of a ratio by the delta method."""
        if self.n < 2:
            return 0.0
        if self.kind == "conversion":
            return self.mean * (1 - self.mean)
        var_m = (self.mm - self.m**2 / self.n) / (self.n - 1)
        if self.kind != "ratio":
            return var_m
        if not self.d:
            return 0.0
        var_d = (self.dd - self.d**2 / self.n) / (self.n - 1)
        cov = (self.md - self.m * self.d / self.n) / (self.n - 1)
        mean_m, mean_d = self.m / self.n, self.d / self.n
        return var_m / mean_d**2 - 2 * mean_m * cov / mean_d**3 + mean_m**2 * var_d / mean_d**4


@dataclass(frozen=True, slots=True)
class Variant:
    """Effects and intervals are shares (0.1: 10 % above the control); None for the control and where nothing can be said."""

    name: str
    people: int
    conversions: int
    mean: float
    effect: float | None = None
    interval: tuple[float, float] | None = None
    chance_to_win: float | None = None
    risk: float | None = None
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    variants: list[Variant]
    control: str
    test: str
    enough: bool  # 100 people and 25 conversions in each variant
    winner: str
    mismatch_p: float | None
    mismatch: bool  # the shares of people are not the intended ones: the assignment is broken
    in_several: int  # people who saw more than one variant, left out
    groups: dict[str, list[Variant]]


def get_names(scope: Scope, tag: str = "experiment.names") -> list[str]:
    """The tests that events of the scope carry, the most frequent first."""
    bound = Bound({"most": 100})
    if scope.filters:
        events = events_of(scope, bound, "notEmpty(mapKeys(variants))", joined=asks_people(scope.filters))
        sql = fill("experiment_names", events=events)
    else:
        sql = fill("traffic_names", names="tests")
    return [name for name, _ in cached(sql, params_of(scope, bound), tag)]


def check_experiment(asked: Experiment) -> None:
    if not asked.name or len(asked.name) > 200:
        raise BadQuery("experiment", "expected the name of the experiment, as sent in ab_test_variants")
    if asked.kind not in KINDS:
        raise BadQuery("metric.type", f"expected one of {', '.join(KINDS)}, got {asked.kind[:40]!r}")
    if (asked.kind == "ratio") != (asked.per is not None):
        raise BadQuery("metric.per", "a ratio has events to divide by, the other metrics have none")
    if asked.breakdown and not get_dimension(asked.breakdown, "breakdown").event:
        raise BadQuery("breakdown", f"{asked.breakdown} is known of sessions only")
    if any(not isinstance(w, (int, float)) or w <= 0 for w in asked.weights.values()):
        raise BadQuery("weights", "expected a share above 0 for each variant")


def run(asked: Experiment, tag: str = "experiment") -> ExperimentResult:
    check_experiment(asked)
    rows = cached(*statement(asked), tag)
    several = sum(row[2] for row in rows if row[1] == "")
    found: dict[str, dict[str, Sample]] = {}
    total: dict[str, list[float]] = {}
    for group, variant, *sums in rows:
        if variant:
            numbers = [float(value) for value in sums]
            found.setdefault(group, {})[variant] = sample(asked, variant, numbers)
            total[variant] = [a + b for a, b in zip(total.get(variant, [0.0] * 7), numbers, strict=True)]
    samples = {variant: sample(asked, variant, sums) for variant, sums in sorted(total.items())}
    control = control_of(asked, list(samples))
    variants = compare(asked, samples, control)
    p = mismatch_p(samples, asked.weights)
    enough = len(samples) > 1 and all(
        s.n >= LEAST_PEOPLE and s.converted >= LEAST_CONVERSIONS for s in samples.values()
    )
    groups = (
        {g: compare(asked, dict(sorted(of.items())), control) for g, of in found.items()} if asked.breakdown else {}
    )
    mismatch = p is not None and p < MISMATCH
    winner = winner_of(variants) if enough and not mismatch else ""
    return ExperimentResult(variants, control, test_name(asked), enough, winner, p, mismatch, several, groups)


def sample(asked: Experiment, variant: str, sums: list[float]) -> Sample:
    n, converted, m, mm, d, dd, md = sums
    return Sample(variant, int(n), int(converted), m, mm, d, dd, md, asked.kind)


def control_of(asked: Experiment, names: list[str]) -> str:
    if asked.control:
        return asked.control
    return next(
        (name for name in names if name.lower() in ("control", "a", "original", "off", "false", "0")),
        names[0] if names else "",
    )


def test_name(asked: Experiment) -> str:
    if asked.stats == "bayesian":
        return "Bayesian, flat prior"
    if asked.sequential:
        return "Always valid interval and p-value"
    return "z-test of proportions" if asked.kind == "conversion" else "Welch's t-test"


def compare(asked: Experiment, samples: dict[str, Sample], control: str) -> list[Variant]:
    base = samples.get(control)
    made = []
    for name, one in samples.items():
        plain = Variant(name, one.n, one.converted, one.mean)
        made.append(plain if base is None or name == control else judged(asked, base, one))
    return made


def judged(asked: Experiment, base: Sample, one: Sample) -> Variant:
    spread = spread_of(base, one)
    if spread is None:
        return Variant(one.variant, one.n, one.converted, one.mean)
    effect = (one.mean - base.mean) / base.mean
    told = bayesian(effect, spread) if asked.stats == "bayesian" else frequentist(asked, base, one, effect, spread)
    return Variant(one.variant, one.n, one.converted, one.mean, effect, **told)


def spread_of(base: Sample, one: Sample) -> float | None:
    """Standard error of the relative effect; None where it cannot be told."""
    if min(base.n, one.n) < 2 or base.mean <= 0:
        return None
    squared = one.variance / (one.n * base.mean**2) + base.variance * one.mean**2 / (base.n * base.mean**4)
    return math.sqrt(squared) if squared > 0 else None


def bayesian(effect: float, spread: float) -> dict[str, Any]:
    from scipy.stats import norm

    win = float(norm.sf(0, effect, spread))
    low, high = norm.ppf([ALPHA / 2, 1 - ALPHA / 2], effect, spread)
    # What is lost on average, in shares of the control, by taking the variant although it is the worse one.
    risk = spread * float(norm.pdf(effect / spread)) - effect * float(norm.cdf(-effect / spread))
    return {"interval": (float(low), float(high)), "chance_to_win": win, "risk": max(0.0, risk)}


def frequentist(asked: Experiment, base: Sample, one: Sample, effect: float, spread: float) -> dict[str, Any]:
    from scipy.stats import norm, t

    a, b = base.variance / base.n, one.variance / one.n
    if asked.kind == "conversion":
        pooled = (base.m + one.m) / (base.n + one.n)
        error = math.sqrt(pooled * (1 - pooled) * (1 / base.n + 1 / one.n))
        p = 2 * float(norm.sf(abs(one.mean - base.mean) / error)) if error else 1.0
        half = float(norm.ppf(1 - ALPHA / 2)) * spread
    else:
        freedom = (a + b) ** 2 / (a**2 / (base.n - 1) + b**2 / (one.n - 1))
        p = 2 * float(t.sf(abs(one.mean - base.mean) / math.sqrt(a + b), freedom))
        half = float(t.ppf(1 - ALPHA / 2, freedom)) * spread
    if asked.sequential:
        half, p = sequential_half(spread, base.n + one.n), sequential_p(effect, spread, base.n + one.n)
    return {"interval": (effect - half, effect + half), "p_value": min(1.0, p)}


RHO2 = (-2 * math.log(ALPHA) + math.log(-2 * math.log(ALPHA) + 1)) / TUNED_FOR


def sequential_half(spread: float, n: int) -> float:
    growth = n * RHO2 + 1
    return spread * math.sqrt(n) * math.sqrt(2 * growth / (n**2 * RHO2) * math.log(math.sqrt(growth) / ALPHA))


def sequential_p(effect: float, spread: float, n: int) -> float:
    """Holds at every look, too: it is 0.05 where the interval ends at 0."""
    growth = n * RHO2 + 1
    return math.exp(0.5 * math.log(growth) - RHO2 * n * (effect / spread) ** 2 / (2 * growth))


def mismatch_p(samples: dict[str, Sample], weights: dict[str, float]) -> float | None:
    """Chi-square of the people per variant against the intended shares."""
    from scipy.stats import chisquare

    if len(samples) < 2:
        return None
    shares = [weights.get(name, 0.0) if weights else 1.0 for name in samples]
    if not all(shares):
        raise BadQuery("weights", f"expected a share for each of {', '.join(samples)}")
    people = [one.n for one in samples.values()]
    return float(chisquare(people, [sum(people) * share / sum(shares) for share in shares]).pvalue)


def winner_of(variants: list[Variant]) -> str:
    """The variant whose interval lies above 0 and whose effect is the largest."""
    better = [v for v in variants if v.interval and v.interval[0] > 0 and v.effect is not None]
    return max(better, key=lambda v: v.effect or 0).name if better else ""


def statement(asked: Experiment) -> tuple[str, dict[str, Any]]:
    bound = Bound()
    goal = condition(asked.goal, bound)
    per = condition(asked.per, bound) if asked.per else "false"
    name = bound.add(asked.name, "String")
    met_in = "''"
    if asked.breakdown:
        met_in = f"argMin(toString({get_dimension(asked.breakdown, 'breakdown').event}), (timestamp, event_index))"
    value = {
        "conversion": "toFloat64(notEmpty(done))", "count": "toFloat64(length(done))", "ratio": "toFloat64(length(done))",
        "revenue": "toFloat64(arraySum(arrayMap(id -> arrayFirst(e -> e.3 = id, done).2, arrayDistinct(done.3))))",
    }[asked.kind]  # fmt: skip
    variant, whole = f"variants[{name}]", asks_people(asked.scope.filters)
    kinds = kinds_of_all([asked.goal, asked.per] if asked.per else [asked.goal])
    exposures = fill(
        "experiment_exposures", variant=variant, met_in=met_in,
        events=events_of(asked.scope, bound, f"{variant} != ''", joined=whole),
    )  # fmt: skip
    sql = fill(
        "experiment", goal=goal, per=per, value=value, exposures=by_session(asked.scope, exposures, "e.is_user"),
        events=events_of(asked.scope, bound, f"{goal} OR {per}", kinds, once=True),
    )  # fmt: skip
    return sql, params_of(asked.scope, bound)
