"""What tells of single people: such questions take a role that sees them."""

from typing import Any

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
    return names_properties(asked) or (isinstance(asked, dict) and asked.get("interval") == "minute")
