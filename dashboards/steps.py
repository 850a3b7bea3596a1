"""Steps as people write them: an event, a /page*, or one of both with a property, as in `signup [plan=pro]`."""

import re
from typing import Any

from analytics.queries.dimensions import DIMENSIONS
from analytics.queries.people import ANY, Selector
from analytics.saved.resolve import selector_of_site
from dashboards.state import State

WITH_PROPERTY = re.compile(r"^(?P<what>.*?)\s*\[\s*(?P<name>[^=!\]]+?)\s*(?P<not>!?)=\s*(?P<values>[^\]]*?)\s*\]$")


def raw_step(text: str) -> Any:
    """As the API takes it."""
    found = WITH_PROPERTY.match(text)
    if not found:
        return {"page": text} if text.startswith("/") else text
    what, name = found["what"], found["name"]
    dimension = name if name in DIMENSIONS or name.startswith("props.") else f"props.{name}"
    values = [value.strip() for value in found["values"].split("|")]
    filters = [["is_not" if found["not"] else "is", dimension, values]]
    whole: dict[str, Any] = {"page": what} if what.startswith("/") else {"event": what} if what else {}
    return whole | {"filters": filters, "name": text}


def selector_of(state: State, text: str, field: str) -> Selector:
    if not text:
        return ANY
    raw = raw_step(text)
    if isinstance(raw, dict) and "name" in raw:
        found = selector_of_site(state.site, {key: value for key, value in raw.items() if key != "name"}, field)
        return Selector(found.event, found.page, found.filters, text)
    return selector_of_site(state.site, raw if isinstance(raw, str) else text, field)


def api_step(text: str) -> Any:
    raw = raw_step(text) if text else {}
    return {key: value for key, value in raw.items() if key != "name"} if isinstance(raw, dict) else {"event": raw}
