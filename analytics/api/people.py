"""What tells of single people: such questions take a role that sees them."""

from typing import Any

from analytics.queries.query import Query

MEASURED = "of"  # the property whose sum or mean is asked for


def names_properties(asked: Any, name: str = "") -> bool:
    """Whether a property of events is named anywhere in a request, to choose by it or to part by it: the id of an order is
    one, and leads to one person."""
    if isinstance(asked, dict):
        return any(names_properties(value, str(key)) for key, value in asked.items())
    if isinstance(asked, list | tuple):
        return any(names_properties(value, name) for value in asked)
    return isinstance(asked, str) and asked.startswith("props.") and name != MEASURED


def tells_of_single_people(asked: Any) -> bool:
    """Of an analysis."""
    return names_properties(asked) or (isinstance(asked, dict) and asked.get("interval") == "minute")


def query_tells_of_single_people(query: Query, asked: dict[str, Any]) -> bool:
    """By the minute, or an order's id beside the town it came from: rows of one person, as in the feed of what they do."""
    properties = any(name.startswith("props.") for name in query.dimensions)
    named = names_properties([asked["filters"], asked["goal"]])
    return query.interval == "minute" or named or (properties and (len(query.dimensions) > 1 or bool(query.filters)))
