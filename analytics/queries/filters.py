"""Filter trees: [operator, dimension, values], ["and" | "or", [filters]], ["not", filter]. Values are always bound.

About people: ["did", {"event" or "page", "filters", "times", "within"}] and ["did_not", …] look at what the person behind
an event did; ["in_cohort", id, version] whether they belong to a cohort as it was calculated at `version`.
"""

import re
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Whether the person has at least (exactly, at most) `times` events that fit `wanted`: in the period, or in the `within`
    seconds before its end."""

    wanted: "tuple[Filter, ...]"
    times: int = 1
    compare: str = "at_least"
    within: int = 0


@dataclass(frozen=True, slots=True)
class Cohort:
    cohort: int
    version: int


Filter = Leaf | Branch | Behaviour | Cohort
COMPARISONS = ("at_least", "exactly", "at_most")


OPERATORS = (
    "is", "is_not", "contains", "does_not_contain", "matches", "does_not_match", "regex", "greater", "less", "not_less",
    "set", "not_set",
)  # fmt: skip


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
    if operator in ("did", "did_not"):
        found = check_behaviour(raw, depth, leaves)
        return found if operator == "did" else Branch("not", (found,))
    if operator == "in_cohort":
        if len(raw) != 3 or not all(isinstance(n, int) and 0 <= n < 2**32 for n in raw[1:]):
            raise BadQuery("filters", f'expected ["in_cohort", id, version], got {str(raw)[:80]!r}')
        return Cohort(raw[1], raw[2])
    return check_leaf(operator, raw)


def check_behaviour(raw: list[Any], depth: int, leaves: list[int]) -> Behaviour:
    asked = raw[1] if len(raw) == 2 else None
    if isinstance(asked, str):
        asked = {"event": asked}
    if not isinstance(asked, dict) or set(asked) - {"event", "page", "filters", "times", "compare", "within"}:
        raise BadQuery(
            "filters",
            f'expected [{raw[0]!r}, {{"event" or "page", "filters", "times", "compare", "within"}}],'
            f" got {str(raw[1:])[:80]!r}",
        )
    times, compare, within = asked.get("times", 1), asked.get("compare", "at_least"), asked.get("within", "")
    if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= 1_000_000:
        raise BadQuery("filters", f"times: expected a whole number from 1, got {str(times)[:40]!r}")
    if compare not in COMPARISONS:
        raise BadQuery("filters", f"compare: expected one of {', '.join(COMPARISONS)}, got {str(compare)[:40]!r}")
    wanted: list[Filter] = []
    for name, dimension, operator in (("page", "path", "matches"), ("event", "event_type", "is")):
        value = asked.get(name, "")
        if not isinstance(value, str) or len(value) > 2000:
            raise BadQuery("filters", f"{name}: expected a text, got {str(value)[:80]!r}")
        if value and name == "page":
            wanted.append(Leaf("is", "event_type", ("page_view",)))
        if value:
            wanted.append(Leaf(operator, dimension, (value,)))
    inner = asked.get("filters") or []
    if not isinstance(inner, list):
        raise BadQuery("filters", f"expected a list of filters, got {str(inner)[:80]!r}")
    wanted += [check_filter(item, depth + 1, leaves) for item in inner]
    seconds = seconds_of(within, "filters") if within else 0
    return Behaviour(tuple(wanted), times, compare, seconds)


UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds_of(text: Any, field: str, most: int = 3700 * 86_400) -> int:
    """Seconds of "14d", "36h", "30m"."""
    found = re.fullmatch(r"([0-9]{1,9})([smhdw])", text) if isinstance(text, str) else None
    if found and 0 < (seconds := int(found[1]) * UNITS[found[2]]) <= most:
        return seconds
    raise BadQuery(field, f'expected a number and a unit as in "14d", "36h" or "30m", got {str(text)[:40]!r}')


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
    """Also those within a behaviour."""
    found: list[Leaf] = []
    for item in filters:
        if isinstance(item, Leaf):
            found.append(item)
        elif isinstance(item, Branch | Behaviour):
            found += leaves_of(item.wanted if isinstance(item, Behaviour) else item.children)
    return found


def asks_people(filters: tuple[Filter, ...]) -> bool:
    """Is it about the person behind the event, and not the event alone?"""
    return any(
        isinstance(item, Behaviour | Cohort) or (isinstance(item, Branch) and asks_people(item.children))
        for item in filters
    )


def plain_leaves(filters: tuple[Filter, ...]) -> list[Leaf]:
    """Those that are asked of the event itself."""
    found: list[Leaf] = []
    for item in filters:
        if isinstance(item, Leaf):
            found.append(item)
        elif isinstance(item, Branch):
            found += plain_leaves(item.children)
    return found
