"""The event on its way: a wire event, what the request tells of its sender, and the row that grows from both."""

from dataclasses import dataclass, field

import msgspec
from msgspec import Struct

from ingestion.drops import Reason
from ingestion.enrich.agents import Agent
from ingestion.enrich.geo import Place
from ingestion.payload import Event
from ingestion.sites import SiteConfig, Snapshot


class Row(Struct, array_like=True):
    """The columns of analytics/clickhouse/columns.py in their order (a test compares), then what the writer needs.

    Times are milliseconds since 1970; revenue is decimal text. session_id and session_start are the writer's to fill.
    """

    site_id: int
    timestamp: int = 0
    received_at: int = 0
    event_id: str = ""
    event_type: str = ""
    event_version: str = "1"
    interactive: bool = True
    session_id: int = 0
    session_start: int = 0
    event_index: int = 0
    visitor_id: int = 0
    person_id: int = 0
    user_id: str = ""
    is_authenticated: bool = False
    user_segment: str = ""
    device_id: int = 0
    device_type: str = ""
    os: str = ""
    os_version: str = ""
    browser: str = ""
    browser_version: str = ""
    screen_resolution: str = ""
    viewport_size: str = ""
    is_mobile: bool = False
    language: str = ""
    hostname: str = ""
    url: str = ""
    path: str = ""
    title: str = ""
    page_referrer: str = ""
    referrer: str = ""
    source: str = ""
    medium: str = ""
    channel: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""
    click_id: str = ""
    entry_page: str = ""
    country: str = ""
    region: str = ""
    city: str = ""
    timezone: str = ""
    engaged_ms: int = 0
    scroll_depth: int = 0
    revenue: str = ""
    currency: str = ""
    order_id: str = ""
    error_type: str = ""
    error_message: str = ""
    lcp: float | None = None
    inp: float | None = None
    cls: float | None = None
    fcp: float | None = None
    ttfb: float | None = None
    weight: float = 1.0
    tracker: str = ""
    variants: dict[str, str] = {}
    properties: str = "{}"
    previous_visitor: int = 0
    sealed: dict[str, str] = {}  # traits of who it is, encrypted: for person_traits


FIELDS = Row.__struct_fields__
INDEX = {name: position for position, name in enumerate(FIELDS)}
encode_row = msgspec.msgpack.Encoder().encode


@dataclass(slots=True)
class Draft:
    """A wire event and the row that the steps make of it."""

    event: Event
    row: Row


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the request. The address is used for hashing and for nothing after it, and never leaves here."""

    site: SiteConfig
    known: Snapshot
    trusted: bool
    now: int  # ms
    skew: int  # ms to add to the client's times
    address: str
    user_agent: str
    language: str
    agent: Agent
    place: Place
    refused: Reason | None = None  # what holds for the whole request: a bot, Do Not Track
    consent: str = ""  # "granted", "denied" or, as the browser did not say, ""
    tracker: str = ""  # version of the script or library that sent it
    meters: dict[str, int] = field(
        default_factory=dict
    )  # what its events are counted on -> events a minute (limits.py)
    masked: dict[str, int] = field(default_factory=dict)  # what was masked in its events, by kind
    visitor: int = 0  # of a replayed event, whose address is long forgotten
