"""What customers may still bring: BG/NBD for how often they buy again (Fader, Hardie and Lee, 2005) and Gamma-Gamma for
how much (Fader and Hardie, 2013). A forecast, shown apart from what was observed and called one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from analytics.queries.cache import Rows
from analytics.queries.calendar import hour_after
from analytics.queries.conditions import Bound
from analytics.queries.people import EVER, Scope, events_of, params_of
from analytics.queries.store import fill, remembered

LEAST_REPEATERS, MOST_ASKED, MOST_FITTED = 50, 20_000, 4_000  # customers, in the order of a hash
WEEK = 7 * 86_400
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Customer:
    """repeats: days with a purchase after the first; recency and age in weeks since the first; mean value of the repeats."""

    channel: str
    repeats: int
    recency: float
    age: float
    value: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """Per customer, over the coming `days`. `reason`: why there is none."""

    days: int
    customers: int
    purchases: float | None
    value: float | None
    by_channel: dict[str, tuple[int, float]]
    reason: str = ""


def run(scope: Scope, days: int = 90, now: datetime | None = None, tag: str = "forecast") -> Forecast:
    now = hour_after(now or datetime.now(UTC))
    # The fit takes longer than the question, and the customers would fill the memory that keeps answers.
    return remembered(*statement(scope, now), tag, f"{days} days ahead", lambda rows: ahead(rows, days))


def ahead(rows: Rows, days: int) -> Forecast:
    found = [Customer(*row) for row in rows]
    repeaters = [c for c in found if c.repeats > 0 and c.value > 0]
    if len(repeaters) < LEAST_REPEATERS:
        reason = f"A forecast takes {LEAST_REPEATERS} customers who bought again; there are {len(repeaters)}."
        return Forecast(days, len(found), None, None, {}, reason)
    x, recency, age, value = (
        np.array([getattr(c, name) for c in found], dtype=float) for name in ("repeats", "recency", "age", "value")
    )
    few = slice(0, MOST_FITTED)
    purchases = expected_purchases(fit_bg_nbd(x[few], recency[few], age[few]), x, recency, age, days / 7)
    worth = purchases * expected_value(fit_gamma_gamma(x[few], value[few]), x, value)
    channels: dict[str, tuple[int, float]] = {}
    for name in sorted({c.channel for c in found}):
        chosen = np.array([c.channel == name for c in found])
        channels[name] = (int(chosen.sum()), round(float(worth[chosen].mean()), 2))
    return Forecast(days, len(found), round(float(purchases.mean()), 4), round(float(worth.mean()), 2), channels)


def statement(scope: Scope, now: datetime) -> tuple[str, dict[str, Any]]:
    reaching = Scope(scope.site_id, scope.period, scope.filters, until=max(now, scope.period.end), since=EVER)
    bound = Bound({"now": int(now.timestamp()), "most": MOST_ASKED, "zone": str(scope.period.zone)})
    bought = events_of(reaching, bound, "is_known AND revenue > 0", frozenset({"purchase"}), once=True)
    sql = fill("forecast", events=bought)
    return sql, params_of(reaching, bound)


def fit_bg_nbd(x: Floats, recency: Floats, age: Floats) -> Floats:
    """(r, alpha, a, b) by maximum likelihood; equation 6 of the paper, in logarithms. Many customers have the same history,
    all that bought once on the same day among them: each history is looked at once."""
    from scipy.optimize import minimize
    from scipy.special import betaln, gammaln

    histories, customers = np.unique(np.column_stack([x, recency, age]), axis=0, return_counts=True)
    x, recency, age = histories.T

    def loss(logs: Floats) -> float:
        r, alpha, a, b = np.exp(logs)
        common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        alive = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + age)
        gone = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + recency)
        likelihood = common + np.where(x > 0, np.logaddexp(alive, gone), alive)
        mean = np.average(likelihood, weights=customers)
        return float(-mean + 1e-4 * np.square(logs).sum())  # a slight prior keeps it from running away

    best = min(
        (minimize(loss, np.full(4, start), method="L-BFGS-B") for start in (0.0, 1.0)), key=lambda found: found.fun
    )
    return np.asarray(np.exp(best.x))


def expected_purchases(params: Floats, x: Floats, recency: Floats, age: Floats, weeks: float) -> Floats:
    """Of each customer in the coming weeks, given their history; equation 10 of the paper."""
    from scipy.special import hyp2f1

    r, alpha, a, b = params
    a = a + 1e-6 if abs(a - 1) < 1e-6 else a
    h = hyp2f1(r + x, b + x, a + b + x - 1, weeks / (alpha + age + weeks))
    numerator = (a + b + x - 1) / (a - 1) * (1 - ((alpha + age) / (alpha + age + weeks)) ** (r + x) * h)
    odds = np.where(x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + age) / (alpha + recency)) ** (r + x), 0.0)
    return np.asarray(np.maximum(numerator / (1 + odds), 0))


def fit_gamma_gamma(x: Floats, value: Floats) -> Floats:
    """(p, q, v) by maximum likelihood over those who bought again."""
    from scipy.optimize import minimize
    from scipy.special import gammaln

    chosen = (x > 0) & (value > 0)
    x, scale = x[chosen], float(value[chosen].mean())
    z = value[chosen] / scale

    def loss(logs: Floats) -> float:
        p, q, v = np.exp(logs)
        likelihood = (
            gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v) + (p * x - 1) * np.log(z) + p * x * np.log(x)
            - (p * x + q) * np.log(x * z + v)
        )  # fmt: skip
        return float(-likelihood.mean() + 1e-4 * np.square(logs).sum())

    p, q, v = np.exp(minimize(loss, np.array([1.0, 1.0, 0.5]), method="L-BFGS-B").x)
    return np.array([p, q, v * scale])


def expected_value(params: Floats, x: Floats, value: Floats) -> Floats:
    """The mean purchase of each customer: their own mean and that of all, weighed by how often they bought."""
    p, q, v = params
    q = max(q, 1.0001)
    weight = (q - 1) / (p * x + q - 1)
    return np.asarray(weight * v * p / (q - 1) + (1 - weight) * value)
