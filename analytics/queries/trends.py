"""Trends: any event, counted or measured, over time, by a dimension, and combined by a formula."""

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from analytics.queries import calendar
from analytics.queries.conditions import Bound
from analytics.queries.dimensions import VISIT_DIMENSIONS, BadQuery, get_dimension
from analytics.queries.people import Scope, Selector, condition, events_of, params_of, presence_of, types_of
from analytics.queries.plan import fits_visits
from analytics.queries.store import cached, fill

LETTERS = "ABCDEFGH"
MOST_GROUPS = 25
# What is measured of a series; § is its condition, ¤ the number of the property.
MEASURES = {
    "events": ("Events", "toFloat64(countIf(§))"),
    "people": ("People", "toFloat64(uniqExactIf(person, §))"),
    "sessions": ("Sessions", "toFloat64(uniqExactIf(session_id, §))"),
    "per_person": ("Events per person", "countIf(§) / uniqExactIf(person, §)"),
    "sum": ("Sum", "sumIf(¤, §)"),
    "mean": ("Mean", "avgIf(¤, §)"),
    "median": ("Median", "quantileExactInclusiveIf(0.5)(¤, §)"),
    "p95": ("95th percentile", "quantileExactInclusiveIf(0.95)(¤, §)"),
    "min": ("Least", "minIf(¤, §)"),
    "max": ("Most", "maxIf(¤, §)"),
}
# The same of rows of visits; ¤ is how many of the events are in the row.
VISITS = {
    "events": "toFloat64(sum(¤))",
    "people": "toFloat64(uniqExactIf(person, ¤ > 0))",
    "sessions": "toFloat64(uniqExactIf(session_id, ¤ > 0))",
    "per_person": "sum(¤) / uniqExactIf(person, ¤ > 0)",
}
OF_PROPERTY = ("sum", "mean", "median", "p95", "min", "max")


@dataclass(frozen=True, slots=True)
class Series:
    """`of`: the property (props.NAME, or revenue, scroll_depth, engaged_seconds) that sum, mean … are of."""

    selector: Selector
    measure: str = "events"
    of: str = ""

    @property
    def label(self) -> str:
        title = MEASURES[self.measure][0]
        return f"{self.selector.label} · {title.lower()}{f' of {self.of}' if self.of else ''}"


@dataclass(frozen=True, slots=True)
class Trends:
    """`formula`: over A, B … for the series in order, as in "100 * B / A"; its line takes the place of theirs."""

    scope: Scope
    series: tuple[Series, ...]
    interval: str = "day"
    breakdown: str = ""
    formula: str = ""
    groups: int = 8


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    group: str
    values: list[float | None]
    total: float | None  # of the whole period: people are counted once in it


@dataclass(frozen=True, slots=True)
class TrendsResult:
    buckets: list[str]
    partial: list[bool]
    lines: list[Line]
    groups_left_out: int


def check_trends(trends: Trends) -> None:
    if not 1 <= len(trends.series) <= len(LETTERS):
        raise BadQuery("series", f"expected 1 to {len(LETTERS)}, got {len(trends.series)}")
    if not 1 <= trends.groups <= MOST_GROUPS:
        raise BadQuery("groups", f"expected 1 to {MOST_GROUPS}, got {trends.groups}")
    for i, one in enumerate(trends.series):
        if one.measure not in MEASURES:
            raise BadQuery(f"series.{i}.measure", f"expected one of {', '.join(MEASURES)}; got {one.measure[:40]!r}")
        if (one.measure in OF_PROPERTY) != bool(one.of):
            wanted = "a property, as in props.price" if one.measure in OF_PROPERTY else "nothing"
            raise BadQuery(f"series.{i}.of", f"{one.measure} takes {wanted}; got {one.of[:40]!r}")
        if one.of and not get_dimension(one.of, "filters").event:
            raise BadQuery(f"series.{i}.of", f"{one.of} is known of sessions only")
    if trends.breakdown and not get_dimension(trends.breakdown, "breakdown").event:
        raise BadQuery("breakdown", f"{trends.breakdown} is known of sessions only")
    if trends.formula:
        compiled(trends.formula, len(trends.series))


def run(trends: Trends, now: datetime | None = None, tag: str = "trends") -> TrendsResult:
    check_trends(trends)
    now, period = now or datetime.now(UTC), trends.scope.period
    starts = calendar.get_buckets(period, trends.interval)
    index = {int(start.timestamp()): i for i, start in enumerate(starts)}
    found: dict[str, list[list[Any]]] = {}  # group -> rows of the buckets, and last the total
    for is_total, at, group, *numbers in cached(*statement(trends, starts), tag):
        rows = found.setdefault(str(group), [[None] * len(trends.series) for _ in range(len(starts) + 1)])
        rows[-1 if is_total else index[at]] = numbers
    ranked = sorted(found, key=lambda g: (-(clean(found[g][-1][0]) or 0), g))
    shown = ranked[: trends.groups] if trends.breakdown else ranked
    if not found and not trends.breakdown:
        found, shown = {"": [[None] * len(trends.series) for _ in range(len(starts) + 1)]}, [""]
    ends = [*starts[1:], period.end]
    return TrendsResult(
        [calendar.label_of(start, trends.interval, period.zone) for start in starts], [end > now for end in ends],
        [line for group in shown for line in lines_of(trends, group, found[group])], len(ranked) - len(shown),
    )  # fmt: skip


def lines_of(trends: Trends, group: str, rows: list[list[Any]]) -> list[Line]:
    counts = [one.measure in ("events", "people", "sessions", "sum") for one in trends.series]
    columns = [
        [0.0 if value is None and counts[i] else value for value in (clean(row[i]) for row in rows)]
        for i in range(len(trends.series))
    ]
    if trends.formula:
        work = compiled(trends.formula, len(trends.series))
        columns = [[work(list(values)) for values in zip(*columns, strict=True)]]
        return [Line(trends.formula, group, columns[0][:-1], columns[0][-1])]
    return [Line(one.label, group, column[:-1], column[-1]) for one, column in zip(trends.series, columns, strict=True)]


def clean(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), 4)


def reads_visits(trends: Trends) -> bool:
    """Events by type alone, counted or with whoever did them: the rollup knows them by the quarter of an hour."""
    return (
        all(one.measure in VISITS and not one.selector.page and not one.selector.filters for one in trends.series)
        and (not trends.breakdown or trends.breakdown in VISIT_DIMENSIONS)
        and trends.interval != "minute"
        and fits_visits(trends.scope.filters)
    )


def visits_statement(trends: Trends, bound: Bound) -> str:
    counts = [
        f"types[{bound.add(one.selector.event, 'String')}]" if one.selector.event else "toUInt64(events)"
        for one in trends.series
    ]
    return fill(
        "trends_visits",
        select=", ".join(VISITS[one.measure].replace("¤", f"n{i}") for i, one in enumerate(trends.series)),
        counts=", ".join(f"{count} AS n{i}" for i, count in enumerate(counts)),
        group=get_dimension(trends.breakdown, "breakdown").event if trends.breakdown else "''",
        visits=presence_of(trends.scope, bound, " OR ".join(f"{count} > 0" for count in counts)),
    )


def statement(trends: Trends, starts: list[datetime]) -> tuple[str, dict[str, Any]]:
    bound = Bound({"bucket_starts": [int(start.timestamp()) for start in starts]})
    if reads_visits(trends):
        return visits_statement(trends, bound), params_of(trends.scope, bound)
    terms = [condition(one.selector, bound) for one in trends.series]
    select = []
    for i, one in enumerate(trends.series):
        number = f"toFloat64OrNull(toString({get_dimension(one.of, 'filters').event}))" if one.of else ""
        select.append(MEASURES[one.measure][1].replace("§", f"s{i}").replace("¤", number))
    sql = fill(
        "trends",
        select=", ".join(select),
        flags=", ".join(f"{term} AS s{i}" for i, term in enumerate(terms)),
        group=get_dimension(trends.breakdown, "breakdown").event if trends.breakdown else "''",
        events=events_of(
            trends.scope,
            bound,
            f"{types_of([one.selector for one in trends.series], bound)} AND ({' OR '.join(terms)})",
        ),
    )
    return sql, params_of(trends.scope, bound)


OPERATIONS: dict[type[ast.operator], Callable[[float, float], float | None]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b if b else None,
}


def compiled(formula: str, width: int) -> Callable[[list[float | None]], float | None]:
    """+ - * / and brackets over numbers and A, B …: parsed here, never evaluated as code. Raises BadQuery."""
    try:
        tree = ast.parse(formula.strip(), mode="eval").body if len(formula) <= 200 else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    if tree is None:
        raise BadQuery("formula", f"expected a formula as in 100 * B / A, got {formula[:80]!r}")
    check_formula(tree, width)

    def work(values: list[float | None]) -> float | None:
        found = evaluated(tree, values)
        return None if found is None or not math.isfinite(found) else round(found, 4)

    return work


def check_formula(node: ast.AST, width: int) -> None:
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        check_formula(node.left, width)
        check_formula(node.right, width)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        check_formula(node.operand, width)
    elif isinstance(node, ast.Name):
        if node.id not in LETTERS[:width] or len(node.id) != 1:
            raise BadQuery("formula", f"expected {', '.join(LETTERS[:width])} for the series, got {node.id[:40]!r}")
    elif not isinstance(node, ast.Constant) or not isinstance(node.value, int | float) or abs(node.value) > 1e15:
        raise BadQuery("formula", "expected numbers, + - * / and brackets")


def evaluated(node: ast.AST, values: list[float | None]) -> float | None:
    if isinstance(node, ast.Name):
        return values[LETTERS.index(node.id)]
    if isinstance(node, ast.Constant):
        return float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.UnaryOp):
        inner = evaluated(node.operand, values)
        return None if inner is None else -inner
    assert isinstance(node, ast.BinOp)
    one, two = evaluated(node.left, values), evaluated(node.right, values)
    return None if one is None or two is None else OPERATIONS[type(node.op)](one, two)
