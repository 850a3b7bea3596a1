"""The query core: any metrics by any dimensions, from the rollup, the sessions or the events, whichever can answer."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from analytics.queries import calendar
from analytics.queries.calendar import INTERVALS, Period
from analytics.queries.dimensions import BadQuery, get_dimension
from analytics.queries.filters import Filter, Leaf, leaves_of
from analytics.queries.metrics import METRICS, Source
from analytics.queries.plan import Found, Key, Plan, begin_part, run_part
from analytics.queries.store import get_state, moment, read

MAX_LIMIT, MAX_PATTERNS = 10_000, 20
PURCHASE: tuple[Filter, ...] = (Leaf("is", "event_type", ("purchase",)),)


@dataclass(frozen=True, slots=True)
class Query:
    """`dimensions` may hold one time bucket (its name is an interval). `order_by`: (metric or dimension, "asc" | "desc")."""

    site_id: int
    period: Period
    metrics: tuple[str, ...]
    dimensions: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    compare: Period | None = None
    order_by: tuple[tuple[str, str], ...] = ()
    limit: int = 100
    offset: int = 0
    goal: tuple[Filter, ...] = PURCHASE  # what a conversion is

    @property
    def interval(self) -> str | None:
        return next((name for name in self.dimensions if name in INTERVALS), None)


@dataclass(slots=True)
class Row:
    dimensions: list[str]
    metrics: list[Any]
    comparison: list[Any] | None = None
    partial: bool = False


@dataclass(slots=True)
class Result:
    rows: list[Row]
    totals: list[Any]
    comparison_totals: list[Any] | None
    has_more: bool
    partial: bool
    watermark: datetime | None
    sampled: bool = False  # figures are scaled up from a sample
    sources: set[str] = field(default_factory=set)


def check_query(query: Query) -> Query:
    """Raises BadQuery; fills in the default order."""
    check_names(query)
    if not 1 <= query.limit <= MAX_LIMIT or query.offset < 0:
        raise BadQuery("limit", f"expected 1 to {MAX_LIMIT}, and an offset of 0 or more")
    for name, direction in query.order_by:
        if name not in (*query.metrics, *query.dimensions) or direction not in ("asc", "desc"):
            raise BadQuery(
                "order_by", f'expected [a metric or dimension of the query, "asc" or "desc"], got {name[:80]!r}'
            )
    check_patterns(query)
    return query if query.order_by else replace(query, order_by=default_order(query))


def check_patterns(query: Query) -> None:
    """ClickHouse compiles a pattern only when a row meets it."""
    patterns = [value for leaf in leaves_of(query.filters) if leaf.operator == "regex" for value in leaf.values]
    if len(patterns) > MAX_PATTERNS:
        raise BadQuery("filters", f"at most {MAX_PATTERNS} regular expressions, got {len(patterns)}")
    if patterns:
        asked = ", ".join(f"match('', {{p{i}:String}})" for i in range(len(patterns)))
        read(f"SELECT {asked}", {"site": query.site_id, **{f"p{i}": text for i, text in enumerate(patterns)}}, "check")


def check_names(query: Query) -> None:
    if not query.metrics:
        raise BadQuery("metrics", f"expected at least one of {', '.join(METRICS)}")
    for name in query.metrics:
        if name not in METRICS:
            raise BadQuery("metrics", f"expected one of {', '.join(METRICS)}; got {str(name)[:80]!r}")
    if len(set(query.metrics)) != len(query.metrics) or len(set(query.dimensions)) != len(query.dimensions):
        raise BadQuery("metrics", "each metric and each dimension once")
    if len(query.dimensions) > 4 or sum(name in INTERVALS for name in query.dimensions) > 1:
        raise BadQuery("dimensions", "at most 4, and one of them a time bucket")
    for name in query.dimensions:
        if name not in INTERVALS:
            get_dimension(name)


def default_order(query: Query) -> tuple[tuple[str, str], ...]:
    if query.interval:
        return ((query.interval, "asc"), *((d, "asc") for d in query.dimensions if d != query.interval))
    return ((query.metrics[0], "desc"), *((d, "asc") for d in query.dimensions))


@dataclass(frozen=True, slots=True)
class State:
    identified: bool  # somebody is, in the period
    sampled: bool
    watermark: datetime | None  # when the newest event arrived


class States:
    """Asked once per period and run."""

    def __init__(self, site_id: int) -> None:
        self.site_id = site_id
        self.known: dict[Period, State] = {}

    def of(self, period: Period) -> State:
        if period not in self.known:
            identified, sampled, at = get_state(self.site_id, period.start, period.end)
            arrived = at.replace(tzinfo=UTC) if at and at.year > 1970 else None
            self.known[period] = State(bool(identified), bool(sampled), arrived)
        return self.known[period]


def run(query: Query, now: datetime | None = None, tag: str = "query") -> Result:
    now = now or datetime.now(UTC)
    query, states = check_query(query), States(query.site_id)
    total = begin_totals(query, query.period, states, tag)
    before = begin_totals(query, query.compare, states, tag) if query.compare else None
    rows, has_more, sources = compared_rows(query, states, now, tag) if query.dimensions else ([], False, set[str]())
    totals, other = total(), before() if before else None
    if not query.dimensions:
        rows = [Row([], totals, other, query.period.is_partial(now))]
    state = states.of(query.period)
    partial = query.period.is_partial(now)
    return Result(rows, totals, other, has_more, partial, state.watermark, state.sampled, sources)


def get_rows(query: Query, now: datetime | None = None, tag: str = "query") -> list[Row]:
    """The rows alone, which take less than `run`: a chart shows no totals."""
    query = check_query(query)
    return compared_rows(query, States(query.site_id), now or datetime.now(UTC), tag)[0]


def begin_totals(query: Query, period: Period, states: States, tag: str) -> Callable[[], list[Any]]:
    plan = plan_of(replace(query, dimensions=(), order_by=()), period, states)
    parts = begin_parts(plan, plan.sources(), tag)

    def finish() -> list[Any]:
        values = merge(parts()).get((), {})
        plan.put_rate(values)
        return [clean(name, values.get(name)) for name in query.metrics]

    return finish


def begin_parts(
    plan: Plan, sources: Iterable[Source], tag: str, keys: Sequence[Key] | None = None
) -> Callable[[], list[Found]]:
    parts = [begin_part(plan, source, tag, keys=keys) for source in sources]
    return lambda: [part() for part in parts]


def plan_of(query: Query, period: Period, states: States) -> Plan:
    buckets = calendar.get_buckets(period, query.interval) if query.interval else []
    state = states.of(period)
    plan = Plan(
        site_id=query.site_id, start=moment(period.start), end=moment(period.end), metrics=query.metrics,
        dimensions=query.dimensions, filters=query.filters, identified=state.identified, sampled=state.sampled,
        buckets=buckets, order_by=query.order_by, limit=query.limit, offset=query.offset,
        goal=query.goal,
    )  # fmt: skip
    if plan.splits_rate() and "visitors" not in plan.metrics:
        plan.metrics = (*plan.metrics, "visitors")
    return plan


def compared_rows(query: Query, states: States, now: datetime, tag: str) -> tuple[list[Row], bool, set[str]]:
    """Buckets are compared by their place in the period, everything else by name."""
    if query.dimensions != (query.interval,):
        rows, has_more, sources = read_rows(query, states, tag)
        if query.compare:
            put_comparison(query, query.compare, rows, states, tag)
        return rows, has_more, sources
    buckets, before = begin_buckets(query, states, now, tag), None
    if query.compare:
        other = replace(query, period=query.compare, compare=None, offset=0)
        before = begin_buckets(other, states, now, tag)
    rows = buckets()
    for row, earlier in zip(rows, before(), strict=False) if before else ():
        row.comparison = earlier.metrics
    return rows, False, set(plan_of(query, query.period, states).sources())


def begin_buckets(query: Query, states: States, now: datetime, tag: str) -> Callable[[], list[Row]]:
    plan = plan_of(query, query.period, states)
    parts = begin_parts(plan, plan.sources(), tag)

    def finish() -> list[Row]:
        merged = merge(parts())
        for values in merged.values():
            plan.put_rate(values)
        return fill_buckets(query, merged, now)

    return finish


def read_rows(query: Query, states: States, tag: str) -> tuple[list[Row], bool, set[str]]:
    """A row is there if any of the sources knows it, whichever metric comes first."""
    plan = plan_of(query, query.period, states)
    sources = plan.sources()
    name, way = query.order_by[0]
    leading = plan.source_of(name) if name in METRICS else sources[0]
    others = [source for source in sources if source != leading]
    found: Found = {}
    if not others or (name in METRICS and way == "desc"):
        found = run_part(plan, leading, tag, paged=True)
    if others and len(found) <= query.limit:
        rest = begin_parts(plan, others, tag)
        whole = found if found and not query.offset else run_part(plan, leading, tag)
        merged = merge([whole, *rest()])
        keys = in_order(query, merged)[query.offset :][: query.limit + 1]
    else:  # what only other sources know comes after these
        keys = list(found)
        merged = merge([found, *begin_parts(plan, others, tag, keys[: query.limit])()])
    rows = [
        Row(name_key(query, key), [clean(m, merged[key].get(m)) for m in query.metrics]) for key in keys[: query.limit]
    ]
    return rows, len(keys) > query.limit, set(sources)


def merge(parts: Iterable[Found]) -> Found:
    merged: Found = {}
    for part in parts:
        for key, values in part.items():
            merged[key] = merged.get(key, {}) | values
    return merged


def in_order(query: Query, merged: Found) -> list[Key]:
    """As ClickHouse orders them: what is not known comes last, either way."""
    keys = list(merged)
    for name, way in reversed(query.order_by):
        if name in METRICS:
            values: dict[Key, Any] = {key: clean(name, merged[key].get(name)) for key in keys}
        else:
            values = {key: key[query.dimensions.index(name)] for key in keys}
        known = [key for key in keys if values[key] is not None]
        unknown = [key for key in keys if values[key] is None]
        keys = [*sorted(known, key=values.__getitem__, reverse=way == "desc"), *unknown]
    return keys


def fill_buckets(query: Query, merged: Found, now: datetime) -> list[Row]:
    """Every bucket of the period, also those without an event; the ones that are still running are marked."""
    zone, interval = query.period.zone, query.interval or "day"
    starts = calendar.get_buckets(query.period, interval)
    rows = []
    for start, end in zip(starts, [*starts[1:], query.period.end], strict=True):
        values = merged.get((int(start.timestamp()),), {})
        metrics = [clean(name, values.get(name)) for name in query.metrics]
        rows.append(Row([calendar.label_of(start, interval, zone)], metrics, partial=start <= now < end or start > now))
    descending = bool(query.order_by) and query.order_by[0] == (interval, "desc")
    rows = rows[::-1] if descending else rows
    return rows[query.offset : query.offset + MAX_LIMIT]


def name_key(query: Query, key: Key) -> list[str]:
    zone = query.period.zone
    return [
        calendar.label_of(datetime.fromtimestamp(value, UTC), name, zone) if name in INTERVALS else str(value)
        for name, value in zip(query.dimensions, key, strict=True)
    ]


def put_comparison(query: Query, period: Period, rows: list[Row], states: States, tag: str) -> None:
    other = replace(query, period=period, compare=None, offset=0)
    plan, keys = plan_of(other, period, states), [tuple(row.dimensions) for row in rows]
    wanted = None if query.interval else keys
    merged = merge(begin_parts(plan, plan.sources(), tag, wanted)())
    found = {tuple(name_key(other, key)): values for key, values in merged.items()}
    for row in rows:
        values = found.get(tuple(row.dimensions), {})
        row.comparison = [clean(name, values.get(name)) for name in query.metrics]


def clean(name: str, value: Any) -> Any:
    """Counts of nothing are 0, ratios of nothing are None; money stays decimal."""
    unit = METRICS[name].unit
    if value is None or not math.isfinite(value):
        return 0 if unit == "count" or name == "revenue" else None
    if unit == "count":
        return round(value)
    return value if name == "revenue" else round(float(value), 4)
