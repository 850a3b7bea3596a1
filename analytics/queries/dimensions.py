"""Every dimension: its column in events, and in the folded sessions where a session has one value of it."""

import re
from dataclasses import dataclass

from analytics.queries.calendar import INTERVALS


class BadQuery(ValueError):
    """A sentence for the asker: which field, what was expected, what was got."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


@dataclass(frozen=True, slots=True)
class Dimension:
    label: str
    event: str  # expression over a row of events; "" where only sessions know it
    session: str = ""  # column of the folded sessions
    fold: str = ""  # how that column is folded


def of_session(label: str, name: str) -> Dimension:
    return Dimension(label, name, name, f"max(s.{name})")


DIMENSIONS: dict[str, Dimension] = {
    "path": Dimension("Page", "path"),
    "url": Dimension("URL", "url"),
    "title": Dimension("Title", "title"),
    "hostname": of_session("Host", "hostname"),
    "entry_page": Dimension("Entry page", "entry_page", "entry_page", "argMinIfMerge(s.entry_page)"),
    "exit_page": Dimension("Exit page", "", "exit_page", "argMaxIfMerge(s.exit_page)"),
    "referrer": of_session("Referrer", "referrer"),
    "source": of_session("Source", "source"),
    "medium": of_session("Medium", "medium"),
    "channel": of_session("Channel", "channel"),
    "utm_source": of_session("UTM source", "utm_source"),
    "utm_medium": of_session("UTM medium", "utm_medium"),
    "utm_campaign": of_session("Campaign", "utm_campaign"),
    "utm_term": of_session("UTM term", "utm_term"),
    "utm_content": of_session("UTM content", "utm_content"),
    "click_id": Dimension("Click id", "click_id"),
    "country": of_session("Country", "country"),
    "region": of_session("Region", "region"),
    "city": of_session("City", "city"),
    "timezone": of_session("Time zone", "timezone"),
    "language": of_session("Language", "language"),
    "browser": of_session("Browser", "browser"),
    "browser_version": of_session("Browser version", "browser_version"),
    "os": of_session("Operating system", "os"),
    "os_version": of_session("Operating system version", "os_version"),
    "device_type": of_session("Device", "device_type"),
    "screen_resolution": of_session("Screen", "screen_resolution"),
    "viewport_size": Dimension("Viewport", "viewport_size"),
    "event_type": Dimension("Event", "event_type"),
    "user_segment": of_session("Segment", "user_segment"),
    "variant": Dimension(
        "Variant", "arrayJoin(arrayMap((k, v) -> concat(k, '=', v), mapKeys(variants), mapValues(variants)))"
    ),
}
# What the rollup `visits` holds as it stands on the events.
VISIT_DIMENSIONS = frozenset(DIMENSIONS) - {"path", "url", "title", "exit_page", "event_type", "variant"}
# What only filters ask for: numbers of one event.
MEASURES = {"scroll_depth": "scroll_depth", "revenue": "revenue", "engaged_seconds": "engaged_ms / 1000"}
TIME_LABELS = {name: name.capitalize() for name in INTERVALS}
PROPERTY = re.compile(r"^props\.([A-Za-z0-9_-]{1,64}(?:\.[A-Za-z0-9_-]{1,64}){0,5})$")


def get_dimension(name: str, field: str = "dimensions") -> Dimension:
    """`props.NAME` reads event_properties; NAME is checked to be letters, digits, _ and - with dots between. It is
    a column of its own by this name: store.with_properties says where from."""
    if name in DIMENSIONS:
        return DIMENSIONS[name]
    if field == "filters" and name in MEASURES:
        return Dimension(name, MEASURES[name])
    if found := PROPERTY.match(name):
        return Dimension(found[1], f"`{name}`")
    raise BadQuery(field, f"expected one of {', '.join([*DIMENSIONS, 'props.NAME'])}; got {name[:80]!r}")
