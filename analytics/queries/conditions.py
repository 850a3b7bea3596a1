"""Filters as SQL: a condition over a row of events, of folded sessions or of visits."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from analytics.queries.dimensions import DIMENSIONS, BadQuery, get_dimension
from analytics.queries.filters import Behaviour, Cohort, Filter, Leaf
from analytics.queries.kinds import kinds_of, table_of
from analytics.queries.store import fill

SIGNS = {"at_least": ">=", "exactly": "=", "at_most": ">"}  # at_most: those who did it more often are left out
FOLDS = {
    "pageviews": "sum(s.pageviews)", "interactions": "sum(s.interactions)", "errors": "sum(s.errors)",
    "weight": "min(s.weight)", "visitor_id": "max(s.visitor_id)", "user_person": "max(s.user_person)",
    "internal": "bitTest(max(s.began), 0)",
    **{name: d.fold for name, d in DIMENSIONS.items() if d.session},
}  # fmt: skip


@dataclass
class Bound:
    """Parameters of a statement, collected while its text is written."""

    values: dict[str, Any] = field(default_factory=dict)

    def add(self, value: Any, kind: str) -> str:
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"{{{name}:{kind}}}"


Operator = Callable[[str, tuple[str, ...], Bound], str]


def number(column: str, values: tuple[str, ...], sign: str, bound: Bound) -> str:
    try:
        limit = float(values[0])
    except ValueError:
        raise BadQuery("filters", f"expected a number, got {values[0][:40]!r}") from None
    return f"ifNull(toFloat64OrNull(toString({column})) {sign} {bound.add(limit, 'Float64')}, false)"


def wildcard(pattern: str) -> str:
    """`*` is anything but a slash, `**` is anything; the rest stands for itself (RE2, so no pattern can run away)."""
    out = ""
    for part in pattern.replace("**", "\0").replace("*", "\1"):
        out += {"\0": ".*", "\1": "[^/]*"}.get(part) or (
            "\\" + part if not part.isalnum() and ord(part) < 128 else part
        )
    return f"^{out}$"


def matches(column: str, values: tuple[str, ...], bound: Bound) -> str:
    """A pattern without a star is the text itself."""
    return any_of(
        [
            f"match({column}, {bound.add(wildcard(v), 'String')})"
            if "*" in v
            else f"{column} = {bound.add(v, 'String')}"
            for v in values
        ]
    )


def regex(column: str, values: tuple[str, ...], bound: Bound) -> str:
    return any_of([f"match({column}, {bound.add(v, 'String')})" for v in values])


def contains(column: str, values: tuple[str, ...], bound: Bound) -> str:
    return any_of([f"positionCaseInsensitiveUTF8({column}, {bound.add(v, 'String')}) > 0" for v in values])


def equals(column: str, values: tuple[str, ...], bound: Bound) -> str:
    """Comparison and IN are worked out once a dictionary of a LowCardinality column, and skip granules by index."""
    if len(values) == 1:
        return f"({column} = {bound.add(values[0], 'String')})"
    return f"({column} IN {bound.add(list(values), 'Array(String)')})"


def any_of(parts: list[str]) -> str:
    return "(" + " OR ".join(parts) + ")"


SQL: dict[str, Operator] = {
    "is": equals,
    "is_not": lambda c, v, b: f"NOT {equals(c, v, b)}",
    "contains": contains,
    "does_not_contain": lambda c, v, b: f"NOT {contains(c, v, b)}",
    "matches": matches,
    "does_not_match": lambda c, v, b: f"NOT {matches(c, v, b)}",
    "regex": regex,
    "greater": lambda c, v, b: number(c, v, ">", b),
    "less": lambda c, v, b: number(c, v, "<", b),
    "not_less": lambda c, v, b: number(c, v, ">=", b),
    "set": lambda c, v, b: f"{c} != ''",
    "not_set": lambda c, v, b: f"{c} = ''",
}


def folded(columns: set[str], start: str = "start", wanted: str = "true", earlier: int = 0) -> str:
    """`start`: the name of the parameter from which on, or so many days `earlier`. `wanted`: a condition that all parts of a
    session meet, or none."""
    more = "".join(f", {FOLDS[name]} AS {name}" for name in sorted(columns))
    return fill("folded", start=start, wanted=wanted, earlier=str(earlier), columns=more)


def event_place(leaf: Leaf) -> tuple[str, str]:
    dimension = get_dimension(leaf.dimension, "filters")
    if dimension.event:
        return dimension.event, "§"
    # An event of the period may be of a session that began before it, and goes on for a day at most.
    sessions = folded({dimension.session}, earlier=1)
    return dimension.session, f"session_id IN (SELECT session_id FROM ({sessions}) WHERE §)"


# Where a leaf's column stands in this source: its expression, and a frame around the condition with § in its place.
Placer = Callable[[Leaf], tuple[str, str]]


def to_sql(filters: tuple[Filter, ...], bound: Bound, place: Placer) -> str:
    """The conjunction of the filters as a condition."""
    return " AND ".join(f"({one(item, bound, place)})" for item in filters) or "1"


def one(item: Filter, bound: Bound, place: Placer) -> str:
    if isinstance(item, Behaviour):
        return did(item, bound)
    if isinstance(item, Cohort):
        cohort, version = bound.add(item.cohort, "UInt32"), bound.add(item.version, "UInt32")
        return (
            "person IN (SELECT person FROM cohort_people WHERE site_id = {site:UInt32}"
            f" AND cohort_id = {cohort} AND version = {version})"
        )
    if isinstance(item, Leaf):
        column, frame = place(item)
        return frame.replace("§", SQL[item.operator](column, item.values, bound))
    if item.operator == "not":
        return f"NOT ({one(item.children[0], bound, place)})"
    return f" {item.operator.upper()} ".join(f"({one(child, bound, place)})" for child in item.children)


def did(item: Behaviour, bound: Bound) -> str:
    """Over a row with `person`; people.py fills in who that is."""
    since = f"{{period_end:DateTime64(3, 'UTC')}} - INTERVAL {bound.add(item.within, 'UInt32')} SECOND"
    start = since if item.within else "{period_start:DateTime64(3, 'UTC')}"
    found = fill(
        "did", since=start, filter=to_sql(item.wanted, bound, event_place), times=bound.add(item.times, "UInt32"),
        sign=SIGNS[item.compare], table=table_of(kinds_of(item.wanted)),
    )  # fmt: skip
    return f"person {'NOT IN' if item.compare == 'at_most' else 'IN'} ({found})"
