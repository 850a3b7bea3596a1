"""From a query to SQL: which table answers which metric, and what its slots hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from analytics.queries.calendar import INTERVALS
from analytics.queries.conditions import Bound, event_place, folded, to_sql
from analytics.queries.currency import money_of
from analytics.queries.dimensions import VISIT_DIMENSIONS, get_dimension
from analytics.queries.filters import Filter, Leaf, asks_people, leaves_of, plain_leaves
from analytics.queries.kinds import RARE, SALES, kinds_of, table_of
from analytics.queries.metrics import METRICS, OF_GOALS, OF_ORDERS, Source
from analytics.queries.orders import repeated_of
from analytics.queries.store import PROPERTIES, fill, soon

Key = tuple[Any, ...]
Found = dict[Key, dict[str, Any]]
_JOIN_USERS = """LEFT JOIN (
        SELECT s.session_id AS session_id, max(s.user_person) AS known_as FROM sessions AS s
        WHERE s.site_id = {site:UInt32} AND s.session_start >= {$start:DateTime64(3, 'UTC')} - INTERVAL 2 DAY
          AND s.session_start < {end:DateTime64(3, 'UTC')} + INTERVAL 1 DAY AND s.user_person != 0 GROUP BY s.session_id
    ) AS u ON u.session_id = e.session_id"""


def join_users(start: str = "start") -> str:
    """Who a session turned out to be; `start`: the name of the parameter from which on."""
    return _JOIN_USERS.replace("$start", start)


@dataclass
class Plan:
    """`start` and `end` are UTC text; `buckets` the starts of the time dimension, if there is one."""

    site_id: int
    start: str
    end: str
    metrics: tuple[str, ...]
    dimensions: tuple[str, ...]
    filters: tuple[Filter, ...]
    identified: bool
    sampled: bool
    buckets: list[datetime]
    order_by: tuple[tuple[str, str], ...]
    limit: int
    offset: int
    goal: tuple[Filter, ...] = ()
    bound: Bound = field(default_factory=Bound)

    def sources(self) -> list[Source]:
        """Every session has an event, so events lead; a dimension that only sessions know leads to sessions."""
        wanted = {self.source_of(name) for name in self.metrics}
        return [source for source in ("events", "sessions", "sales") if source in wanted]

    def source_of(self, name: str) -> Source:
        """Money and conversions are in few events, which stand by type in a table of their own. That knows only who bought,
        so it answers where the rows are known without it: totals, and buckets of time."""
        over_time = all(dimension in INTERVALS for dimension in self.dimensions)
        if name in OF_ORDERS and over_time and not self.sampled and self.kinds_for(name) <= RARE:
            split = name != "conversion_rate" or fits_visits(self.filters)
            return "sales" if split and self.kinds_for(name) else "events"
        return METRICS[name].source

    def kinds_for(self, name: str) -> frozenset[str]:
        return kinds_of(self.goal) if name in OF_GOALS else SALES

    def splits_rate(self) -> bool:
        """The rate's buyers come from the sales, its visitors from elsewhere."""
        return "conversion_rate" in self.metrics and self.source_of("conversion_rate") == "sales"

    def put_rate(self, values: dict[str, Any]) -> None:
        if self.splits_rate():
            people = values.get("visitors")
            values["conversion_rate"] = 100 * values.get("conversion_rate", 0) / people if people else None

    def params(self) -> dict[str, Any]:
        span = {"start": self.start, "end": self.end, "period_start": self.start, "period_end": self.end}
        return {"site": self.site_id, **span, **self.bound.values}

    def sql_of(self, name: str) -> str:
        metric = METRICS[name]
        if name == "conversion_rate" and self.splits_rate():
            return "uniqExactIf(person, goal)"
        return metric.scaled or metric.sql if self.sampled else metric.sql

    def bucket(self, column: str) -> str:
        """The start of the bucket in which a moment falls, as seconds since 1970: boundaries are the calendar's."""
        if "bucket_starts" not in self.bound.values:
            self.bound.values["bucket_starts"] = [int(start.timestamp()) for start in self.buckets]
        return f"roundDown(toUnixTimestamp({column}), {{bucket_starts:Array(UInt32)}})"

    def reads_rollup(self) -> bool:
        return (
            not self.filters
            and not self.identified
            and not self.sampled
            and all(METRICS[name].rollup for name in self.metrics if self.source_of(name) == "events")
            and all(name in INTERVALS and name != "minute" for name in self.dimensions)
        )

    def reads_visits(self) -> bool:
        """People identified or filtered: the rollup that knows who was there in which quarter of an hour."""
        return (
            not self.sampled
            and all(METRICS[name].visits for name in self.metrics if self.source_of(name) == "events")
            and all(name in VISIT_DIMENSIONS or (name in INTERVALS and name != "minute") for name in self.dimensions)
            and fits_visits(self.filters)
        )


def fits_visits(filters: tuple[Filter, ...]) -> bool:
    return all(leaf.dimension in VISIT_DIMENSIONS for leaf in plain_leaves(filters))


def run_part(plan: Plan, source: Source, tag: str, paged: bool = False, keys: Sequence[Key] | None = None) -> Found:
    return begin_part(plan, source, tag, paged, keys)()


def begin_part(
    plan: Plan, source: Source, tag: str, paged: bool = False, keys: Sequence[Key] | None = None
) -> Callable[[], Found]:
    """The plan's metrics of one source by dimension values, in order. `keys`: only these values are wanted. What is begun
    one after the other runs at the same time."""
    names = [name for name in plan.metrics if plan.source_of(name) == source]
    plan.bound = Bound()
    if source == "sessions":
        sql = sessions_sql(plan, names, paged, keys)
    elif source == "sales":
        sql = events_sql(plan, names, paged, keys, frozenset().union(*(plan.kinds_for(name) for name in names)))
    elif plan.reads_rollup():
        sql = traffic_sql(plan, names)
    elif plan.reads_visits():
        sql = visits_sql(plan, names, paged, keys)
    else:
        sql = events_sql(plan, names, paged, keys)
    width, rows = len(plan.dimensions), soon(sql, plan.params(), tag)
    return lambda: {row[:width]: dict(zip(names, row[width:], strict=True)) for row in rows()}


def clauses(
    plan: Plan, metrics: dict[str, str], columns: list[str], paged: bool, keys: Sequence[Key] | None
) -> dict[str, str]:
    """SELECT, GROUP BY, ORDER BY and LIMIT from expressions. Dimensions are d0, d1 …, metrics m0, m1 …"""
    selected = [f"{sql} AS d{i}" for i, sql in enumerate(columns)]
    selected += [f"{sql} AS m{i}" for i, sql in enumerate(metrics.values())]
    aliases = {name: f"d{i}" for i, name in enumerate(plan.dimensions)} | {
        name: f"m{i}" for i, name in enumerate(metrics)
    }
    group = f"GROUP BY {', '.join(aliases[d] for d in plan.dimensions)}" if plan.dimensions else ""
    if keys is not None and len(plan.dimensions) == 1 and plan.dimensions[0] not in INTERVALS:
        group += f" HAVING has({plan.bound.add([str(key[0]) for key in keys], 'Array(String)')}, d0)"
    order = ", ".join(f"{aliases[name]} {way.upper()}" for name, way in plan.order_by if name in aliases)
    limit = f"LIMIT {plan.limit + 1} OFFSET {plan.offset}" if paged else "LIMIT 100000"
    return {
        "select": ", ".join(selected),
        "group": group,
        "order": f"ORDER BY {order}" if order else "",
        "limit": limit,
    }


def traffic_sql(plan: Plan, names: list[str]) -> str:
    columns = [plan.bucket("t.bucket") for _ in plan.dimensions]
    return fill("traffic", **clauses(plan, {name: METRICS[name].rollup for name in names}, columns, False, None))


def visits_sql(plan: Plan, names: list[str], paged: bool, keys: Sequence[Key] | None) -> str:
    columns = [plan.bucket("bucket") if name in INTERVALS else get_dimension(name).event for name in plan.dimensions]
    known = "(NOT e.is_user AND u.known_as != 0)"
    return fill(
        "visits", **clauses(plan, {name: METRICS[name].visits for name in names}, columns, paged, keys),
        filter=to_sql(plan.filters, plan.bound, event_place),
        person=f"if({known}, u.known_as, e.person_id)" if plan.identified else "e.person_id",
        knows_user=f"(e.is_user OR {known})" if plan.identified else "e.is_user",
        join_users=join_users() if plan.identified else "",
    )  # fmt: skip


def events_sql(
    plan: Plan, names: list[str], paged: bool, keys: Sequence[Key] | None, kinds: frozenset[str] = frozenset()
) -> str:
    """`kinds`: only these event types."""
    columns, join = [], ""
    for i, name in enumerate(plan.dimensions):
        dimension = None if name in INTERVALS else get_dimension(name)
        if dimension is None:
            columns.append(plan.bucket("timestamp"))
        elif dimension.event:
            columns.append(dimension.event)
        else:
            join += f" INNER JOIN ({folded({dimension.session}, earlier=1)}) AS j{i} ON j{i}.session_id = e.session_id"
            columns.append(f"j{i}.{dimension.session}")
    known = "(e.user_id = '' AND u.known_as != 0)"
    slots = clauses(plan, {name: plan.sql_of(name) for name in names}, columns, paged, keys)
    return fill(
        "events", **slots, table=table_of(kinds),
        of_kinds=f"event_type IN {plan.bound.add(sorted(kinds), 'Array(String)')}" if kinds else "true",
        filter=to_sql(plan.filters, plan.bound, event_place),
        person=f"if({known}, u.known_as, e.person_id)" if plan.identified else "e.person_id",
        is_user=f"(e.user_id != '' OR {known})" if plan.identified else "(e.user_id != '')",
        goal=to_sql(plan.goal, plan.bound, event_place) if needs_goal(names) else "false",
        join_users=join_users() if plan.identified else "", join_sessions=join, money=money_of(plan.site_id, plan.bound),
        repeated=repeated_of(plan.site_id, plan.end, plan.bound) if any(n in OF_ORDERS for n in names) else "false",
    )  # fmt: skip


def needs_goal(names: list[str]) -> bool:
    return any(name in OF_GOALS for name in names)


def known_to_sessions(filters: tuple[Filter, ...]) -> bool:
    leaves = leaves_of(filters)
    return not asks_people(filters) and all(get_dimension(leaf.dimension, "filters").session for leaf in leaves)


def session_place(leaf: Leaf) -> tuple[str, str]:
    return get_dimension(leaf.dimension, "filters").session, "§"


def session_filter(plan: Plan) -> str:
    """Filters that sessions can tell are asked of them; otherwise the session must have an event that fits all."""
    if known_to_sessions(plan.filters):
        return to_sql(plan.filters, plan.bound, session_place)
    return f"session_id IN ({matching_events(plan, 'session_id')})"


def matching_events(plan: Plan, columns: str) -> str:
    """A session that began in the period may go on for a day after it."""
    if asks_people(plan.filters):
        return fill(
            "matching_people",
            columns=columns,
            filter=to_sql(plan.filters, plan.bound, event_place),
            join_users=join_users(),
        )
    return (
        f"SELECT DISTINCT {columns} FROM (SELECT e.* {PROPERTIES} FROM events AS e WHERE e.site_id = {{site:UInt32}}"
        " AND e.timestamp >= {start:DateTime64(3, 'UTC')} AND e.timestamp < {end:DateTime64(3, 'UTC')} + INTERVAL 1 DAY)"
        f" WHERE {to_sql(plan.filters, plan.bound, event_place)}"
    )


def page_filters(plan: Plan) -> tuple[Filter, ...]:
    """The filters that are about a page, alone or together with what sessions know: bounce rate asks them of the entry."""
    return tuple(
        item
        for item in plan.filters
        if not asks_people((item,))
        and any(leaf.dimension == "path" for leaf in leaves_of((item,)))
        and all(leaf.dimension == "path" or get_dimension(leaf.dimension).session for leaf in leaves_of((item,)))
    )


def entry_place(leaf: Leaf) -> tuple[str, str]:
    return ("entry_page", "§") if leaf.dimension == "path" else session_place(leaf)


def sessions_sql(plan: Plan, names: list[str], paged: bool, keys: Sequence[Key] | None) -> str:
    needs = {column for name in names for column in METRICS[name].needs}
    needs |= {"weight"} if plan.sampled else set()
    columns: list[str] = []
    inner: list[str] = []  # dimensions of events: a session counts for each value that it met
    for i, name in enumerate(plan.dimensions):
        dimension = None if name in INTERVALS else get_dimension(name)
        if dimension is None:
            columns.append(plan.bucket("start"))
        elif dimension.session:
            needs.add(dimension.session)
            columns.append(dimension.session)
        else:
            inner.append(f"{dimension.event} AS v{i}")
            columns.append(f"x.v{i}")
    asked = page_filters(plan)
    for leaf in leaves_of(asked if not known_to_sessions(plan.filters) else plan.filters):
        needs.add(entry_place(leaf)[0])
    metrics = {name: plan.sql_of(name) for name in names}
    if (
        "path" in plan.dimensions
    ):  # a row of a page: the sessions that met it, and of bounce rate those that began there
        needs.add("entry_page")
        began = f"(entered AND entry_page = x.v{plan.dimensions.index('path')})"
        metrics = {name: sql.replace("entered", began) for name, sql in metrics.items()}
    values = ", ".join(["session_id", *inner])
    return fill(
        "sessions", **clauses(plan, metrics, columns, paged, keys), folded=folded(needs),
        entered=to_sql(asked, plan.bound, entry_place), filter=session_filter(plan),
        join=f"INNER JOIN ({matching_events(plan, values)}) AS x ON x.session_id = f.session_id" if inner else "",
    )  # fmt: skip
