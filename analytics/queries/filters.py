"""Filter trees: [operator, dimension, values], ["and" | "or", [filters]], ["not", filter]. Values are always bound."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from analytics.queries.dimensions import BadQuery, get_dimension

MAX_DEPTH, MAX_LEAVES, MAX_VALUES = 6, 40, 500


@dataclass(frozen=True, slots=True)
class Leaf:
    operator: str
    dimension: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    operator: str  # and, or, not
    children: "tuple[Filter, ...]"


Filter = Leaf | Branch


@dataclass
class Bound:
    """Parameters of a statement, collected while its text is written."""

    values: dict[str, Any] = field(default_factory=dict)

    def add(self, value: Any, kind: str) -> str:
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"{{{name}:{kind}}}"


Sql = Callable[[str, tuple[str, ...], Bound], str]


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
    return any_of([f"match({column}, {bound.add(wildcard(v), 'String')})" for v in values])


def regex(column: str, values: tuple[str, ...], bound: Bound) -> str:
    return any_of([f"match({column}, {bound.add(v, 'String')})" for v in values])


def contains(column: str, values: tuple[str, ...], bound: Bound) -> str:
    return any_of([f"positionCaseInsensitiveUTF8({column}, {bound.add(v, 'String')}) > 0" for v in values])


def any_of(parts: list[str]) -> str:
    return "(" + " OR ".join(parts) + ")"


OPERATORS: dict[str, Sql] = {
    "is": lambda c, v, b: f"has({b.add(list(v), 'Array(String)')}, {c})",
    "is_not": lambda c, v, b: f"NOT has({b.add(list(v), 'Array(String)')}, {c})",
    "contains": contains,
    "does_not_contain": lambda c, v, b: f"NOT {contains(c, v, b)}",
    "matches": matches,
    "does_not_match": lambda c, v, b: f"NOT {matches(c, v, b)}",
    "regex": regex,
    "greater": lambda c, v, b: number(c, v, ">", b),
    "less": lambda c, v, b: number(c, v, "<", b),
    "set": lambda c, v, b: f"{c} != ''",
    "not_set": lambda c, v, b: f"{c} = ''",
}


def check_filters(raw: Any) -> tuple[Filter, ...]:
    """The list that the API takes, checked. Raises BadQuery."""
    if not isinstance(raw, list):
        raise BadQuery("filters", f'expected a list as in [["is", "country", ["DE"]]], got {str(raw)[:80]!r}')
    leaves = [0]
    return tuple(check_filter(item, 1, leaves) for item in raw)


def check_filter(raw: Any, depth: int, leaves: list[int]) -> Filter:
    if not isinstance(raw, list) or not raw or not isinstance(raw[0], str):
        raise BadQuery("filters", f"expected [operator, dimension, values], got {str(raw)[:80]!r}")
    if depth > MAX_DEPTH:
        raise BadQuery("filters", f"at most {MAX_DEPTH} levels")
    operator = raw[0]
    if operator in ("and", "or", "not"):
        below = raw[1] if len(raw) == 2 else None
        children = [below] if operator == "not" else below
        if not isinstance(children, list) or not children:
            raise BadQuery("filters", f'expected ["{operator}", …] with filters in it, got {str(raw)[:80]!r}')
        return Branch(operator, tuple(check_filter(child, depth + 1, leaves) for child in children))
    leaves[0] += 1
    if leaves[0] > MAX_LEAVES:
        raise BadQuery("filters", f"at most {MAX_LEAVES} filters")
    return check_leaf(operator, raw)


def check_leaf(operator: str, raw: list[Any]) -> Leaf:
    if operator not in OPERATORS:
        raise BadQuery(
            "filters", f"expected one of {', '.join([*OPERATORS, 'and', 'or', 'not'])}; got {operator[:40]!r}"
        )
    if len(raw) < 2 or not isinstance(raw[1], str):
        raise BadQuery("filters", f"expected a dimension after {operator!r}, got {str(raw)[:80]!r}")
    get_dimension(raw[1], "filters")
    if operator in ("set", "not_set"):
        return Leaf(operator, raw[1])
    values = raw[2] if len(raw) == 3 else None
    values = values if isinstance(values, list) else [values]
    if not values or len(values) > MAX_VALUES or not all(isinstance(v, (str, int, float)) for v in values):
        raise BadQuery(
            "filters", f"expected 1 to {MAX_VALUES} texts or numbers for {raw[1]}, got {str(raw[2:])[:80]!r}"
        )
    return Leaf(operator, raw[1], tuple(str(v) for v in values))


def leaves_of(filters: tuple[Filter, ...]) -> list[Leaf]:
    found: list[Leaf] = []
    for item in filters:
        found += [item] if isinstance(item, Leaf) else leaves_of(item.children)
    return found


# Where a leaf's column stands in this source: its expression, and a frame around the condition with § in its place.
Placer = Callable[[Leaf], tuple[str, str]]


def to_sql(filters: tuple[Filter, ...], bound: Bound, place: Placer) -> str:
    """The conjunction of the filters as a condition."""
    return " AND ".join(f"({one(item, bound, place)})" for item in filters) or "1"


def one(item: Filter, bound: Bound, place: Placer) -> str:
    if isinstance(item, Leaf):
        column, frame = place(item)
        return frame.replace("§", OPERATORS[item.operator](column, item.values, bound))
    if item.operator == "not":
        return f"NOT ({one(item.children[0], bound, place)})"
    return f" {item.operator.upper()} ".join(f"({one(child, bound, place)})" for child in item.children)
