"""The event row, declared once: what the writer inserts, in this order. A test compares it to the live table."""

from typing import NamedTuple

# fmt: off
COLUMNS: dict[str, str] = {
    "site_id": "UInt32",
    "timestamp": "DateTime64(3, 'UTC')",
    "received_at": "DateTime64(3, 'UTC')",
    "event_id_gap": "Int64",             # the UUID in three parts (split_id); the table has event_id as an alias
    "event_id_mid": "UInt16",
    "event_id_low": "UInt64",
    "event_type": "LowCardinality(String)",
    "event_version": "LowCardinality(String)",
    "interactive": "Bool",               # counts against a bounce
    "session_id": "UInt64",
    "session_start": "DateTime64(3, 'UTC')",  # as known at the session's first event; never changes
    "event_index": "UInt32",
    "visitor_id": "UInt64",              # device_id, else the cookieless hash of the day
    "person_id": "UInt64",               # hash of the user, else visitor_id
    "user_id": "String",                 # keyed hash, or as sent where the site asks for that; '' = unknown
    "is_authenticated": "Bool",
    "user_segment": "LowCardinality(String)",
    "device_id": "UInt64",               # keyed hash; 0 = cookieless
    "device_type": "LowCardinality(String)",
    "os": "LowCardinality(String)",
    "os_version": "LowCardinality(String)",
    "browser": "LowCardinality(String)",
    "browser_version": "LowCardinality(String)",
    "screen_resolution": "LowCardinality(String)",
    "viewport_size": "LowCardinality(String)",
    "is_mobile": "Bool",
    "language": "LowCardinality(String)",
    "hostname": "LowCardinality(String)",
    "url": "String",
    "path": "LowCardinality(String)",
    "title": "LowCardinality(String)",
    "page_referrer": "LowCardinality(String)",  # of this page; the next ones down to entry_page are the session's
    "referrer": "LowCardinality(String)",
    "source": "LowCardinality(String)",
    "medium": "LowCardinality(String)",
    "channel": "LowCardinality(String)",
    "utm_source": "LowCardinality(String)",
    "utm_medium": "LowCardinality(String)",
    "utm_campaign": "LowCardinality(String)",
    "utm_term": "LowCardinality(String)",
    "utm_content": "LowCardinality(String)",
    "click_id": "LowCardinality(String)",  # which kind (gclid …), never the id
    "entry_page": "LowCardinality(String)",
    "country": "LowCardinality(String)",
    "region": "LowCardinality(String)",
    "city": "LowCardinality(String)",
    "timezone": "LowCardinality(String)",
    "engaged_ms": "UInt32",
    "scroll_depth": "UInt8",
    "revenue": "Decimal(18, 4)",
    "currency": "LowCardinality(String)",
    "order_id": "String",
    "error_type": "LowCardinality(String)",
    "error_message": "String",
    "lcp": "Nullable(Float32)",
    "inp": "Nullable(Float32)",
    "cls": "Nullable(Float32)",
    "fcp": "Nullable(Float32)",
    "ttfb": "Nullable(Float32)",
    "weight": "Float32",                 # how many events this one stands for; 1 unless the site samples
    "tracker": "LowCardinality(String)", # version of what sent it
    "variants": "Map(LowCardinality(String), String)",
    "properties": "String",              # JSON text; the table casts it into event_properties
}
# fmt: on

# Stamped on every event of a session from the session's first page view (semantics.md).
ACQUISITION = (
    "referrer", "source", "medium", "channel", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
    "click_id", "entry_page",
)  # fmt: skip

# The rows of the consent log.
CONSENTS = ("site_id", "at", "receipt", "answer", "mode", "version", "text", "language", "categories")


def split_id(event_id: str, timestamp: int) -> tuple[int, int, int]:
    """(gap, mid, low) of a UUID; `timestamp` in ms. A version 7 begins with its own time: then the gap is nearly nothing."""
    number = int(event_id.replace("-", ""), 16)
    return (number >> 80) - timestamp, number >> 64 & 0xFFFF, number & 0xFFFF_FFFF_FFFF_FFFF


class Kept(NamedTuple):
    """A row of rejected_events or bot_events."""

    site_id: int
    received_at: float
    reason: str
    field: str
    payload: str
    context: str
