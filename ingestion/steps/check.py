"""Steps that validate what only the event itself can tell."""

import re
from datetime import UTC, datetime
from uuid import UUID, uuid4

from django.conf import settings

from ingestion.catalogue import find_checker
from ingestion.drops import Drop, Reason
from ingestion.payload import encode_properties
from ingestion.row import Context, Draft

EVENT_TYPE = re.compile(r"^[\w .:-]{1,64}$")
MINUTE = 60_000
DAY = 24 * 60 * MINUTE
BROWSER_AGE = 2 * DAY  # as long as a salt lives, and longer than an offline queue in memory
FUTURE = 5 * MINUTE
MAX_PROPERTIES = 32 * 1024
MAX_DEPTH = 10
MAX_NAMES = 300
NESTED = (dict, list)
PROBLEMS = {"type": Reason.BAD_PROPERTY, "missing": Reason.MISSING_PROPERTY, "unknown": Reason.UNKNOWN_PROPERTY}


def check_names(draft: Draft, context: Context) -> Drop | None:
    event, row = draft.event, draft.row
    if not EVENT_TYPE.match(event.event_type):
        return Drop(Reason.BAD_EVENT_TYPE, "event_type", repr(event.event_type[:64]))
    if event.event_id is None:
        row.event_id = str(uuid4())
    else:
        try:
            row.event_id = str(UUID(event.event_id))
        except ValueError:
            return Drop(Reason.BAD_EVENT_ID, "event_id", repr(event.event_id[:64]))
    row.event_type = event.event_type
    row.event_version = (event.event_version or "1")[:16]
    row.event_index = min(max(event.session.event_index, 0), 2**32 - 1) if event.session else 0
    return None


def parse_time(value: str | float) -> int:
    """Milliseconds since 1970 from ISO 8601 (UTC when it names no zone) or from a number of milliseconds."""
    if isinstance(value, (int, float)):
        return int(value)
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def check_timestamp(draft: Draft, context: Context) -> Drop | None:
    value, now = draft.event.event_timestamp, context.now
    draft.row.received_at = now
    if value is None:
        draft.row.timestamp = now
        return None
    try:
        time = parse_time(value) + context.skew
    except (ValueError, OverflowError):
        return Drop(Reason.BAD_TIMESTAMP, "event_timestamp", repr(value)[:64])
    if time > now + FUTURE:
        return Drop(Reason.IN_FUTURE, "event_timestamp", repr(value)[:64])
    if time < now - settings.RETENTION_DAYS * DAY:
        return Drop(Reason.PAST_RETENTION, "event_timestamp", repr(value)[:64])
    if not context.trusted and time < now - BROWSER_AGE:
        return Drop(Reason.TOO_OLD, "event_timestamp", repr(value)[:64])
    draft.row.timestamp = time
    return None


def measure(value: object, level: int = 1) -> tuple[int, int]:
    """How deep, and how many names in all. It stops where it is too deep already."""
    if level > MAX_DEPTH or not isinstance(value, (dict, list)):
        return level, 0
    inner = [
        measure(v, level + 1) for v in (value.values() if isinstance(value, dict) else value) if v.__class__ in NESTED
    ]
    names = len(value) if isinstance(value, dict) else 0
    return max((d for d, _ in inner), default=level + bool(value)), names + sum(n for _, n in inner)


def check_size(draft: Draft, context: Context) -> Drop | None:
    properties = draft.event.event_properties
    if not properties:
        return None
    depth, names = measure(properties)
    if depth > MAX_DEPTH:
        return Drop(Reason.TOO_LARGE, "event_properties", "a deeper one")
    if names > MAX_NAMES:
        return Drop(Reason.TOO_LARGE, "event_properties", f"{names} names")
    return None


def check_schema(draft: Draft, context: Context) -> Drop | None:
    """By the site's own schema of the type, else by the catalogue."""
    event = draft.event
    checker = context.site.schemas.get(event.event_type) or find_checker(event.event_type, draft.row.event_version)
    if checker is None:
        return None
    mended, problem = checker.check(event.event_properties or {})
    if problem is None:
        event.event_properties = mended
        return None
    name = f"event_properties.{problem.field}".rstrip(".")
    return Drop(PROBLEMS[problem.kind], name, problem.got, problem.expected)


def check_properties(draft: Draft, context: Context) -> Drop | None:
    properties = draft.event.event_properties
    if not properties:
        return None
    text = encode_properties(properties)
    if len(text) > MAX_PROPERTIES:
        return Drop(Reason.TOO_LARGE, "event_properties", f"{len(text)} bytes")
    draft.row.properties = text
    return None
