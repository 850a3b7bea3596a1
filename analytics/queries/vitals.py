"""Web vitals (semantics.md, Performance): median, 75th and 95th percentile by page, device or country."""

from dataclasses import dataclass
from typing import Any

from analytics.queries.conditions import Bound
from analytics.queries.dimensions import BadQuery, get_dimension
from analytics.queries.people import Scope, events_of, number, params_of
from analytics.queries.store import cached, fill

# good up to, poor above (web.dev/articles/vitals); milliseconds, CLS without unit
THRESHOLDS = {"lcp": (2500, 4000), "inp": (200, 500), "cls": (0.1, 0.25), "fcp": (1800, 3000), "ttfb": (800, 1800)}
LEAST_SAMPLES = 50


@dataclass(frozen=True, slots=True)
class Vital:
    """Percentiles are None below 50 samples. `rating`: good, needs work or poor, by p75. Shares: percent of samples."""

    samples: int
    p50: float | None
    p75: float | None
    p95: float | None
    rating: str
    good: float | None
    poor: float | None


@dataclass(frozen=True, slots=True)
class VitalsRow:
    value: str
    vitals: dict[str, Vital]


def rate(name: str, p75: float | None) -> str:
    good, poor = THRESHOLDS[name]
    return "" if p75 is None else "good" if p75 <= good else "needs work" if p75 <= poor else "poor"


def run(scope: Scope, by: str = "path", limit: int = 50, tag: str = "vitals") -> tuple[VitalsRow, list[VitalsRow]]:
    """All together, and the rows with the most samples of LCP."""
    if not get_dimension(by, "by").event:
        raise BadQuery("by", f"{by} is known of sessions only")
    rows = [row_of(row) for row in cached(*statement(scope, by, limit), tag)]
    return (rows[0], rows[1:]) if rows else (VitalsRow("", {}), [])


def row_of(row: tuple[Any, ...]) -> VitalsRow:
    made = {}
    for i, name in enumerate(THRESHOLDS):
        samples, percentiles, good, poor = row[2 + 4 * i : 6 + 4 * i]
        p50, p75, p95 = map(number, percentiles) if samples >= LEAST_SAMPLES else (None, None, None)
        shares = [round(100 * part / samples, 2) if samples else None for part in (good, poor)]
        made[name] = Vital(samples, p50, p75, p95, rate(name, p75), *shares)
    return VitalsRow(str(row[1]), made)


def statement(scope: Scope, by: str, limit: int) -> tuple[str, dict[str, Any]]:
    bound, parts = Bound({"most": limit + 1}), []
    for name, (good, poor) in THRESHOLDS.items():
        parts += [
            f"count({name})", f"quantilesExactInclusive(0.5, 0.75, 0.95)({name})", f"countIf({name} <= toFloat32({good}))",
            f"countIf({name} > toFloat32({poor}))",  # as they are stored, or 0.1 would be more than 0.1
        ]  # fmt: skip
    has_any = " OR ".join(f"{name} IS NOT NULL" for name in THRESHOLDS)
    sql = fill(
        "vitals", by=get_dimension(by, "by").event, select=", ".join(parts), events=events_of(scope, bound, has_any)
    )
    return sql, params_of(scope, bound)
