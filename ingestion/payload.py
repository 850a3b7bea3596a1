"""The wire format of POST /api/v1/events, parsed once. Nothing past this module sees a request."""

import json
import re
import zlib
from typing import Any

import msgspec
import zstandard
from msgspec import Raw, Struct

MAX_BYTES = 1024 * 1024
MAX_EVENTS = 1000
NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")
DOTTED = re.compile(rb'"[^".]*+\.[^"]*+":')  # a name with a dot; possessive, so that no text makes it slow
Text = str | None


class BadPayload(Exception):
    """The whole request cannot be used: an HTTP status, a code and a sentence for the sender."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}


class Session(Struct, forbid_unknown_fields=True):
    session_id: Text = None
    session_start: Any = None  # the server cuts sessions itself
    event_index: int = 0


class User(Struct, forbid_unknown_fields=True):
    user_id: Text = None
    is_authenticated: bool | None = None
    user_segment: Text = None
    ab_test_variants: dict[str, str] | None = None


class Device(Struct, forbid_unknown_fields=True):
    device_id: Text = None
    device_type: Text = None
    os: Text = None
    os_version: Text = None
    browser: Text = None
    browser_version: Text = None
    screen_resolution: Text = None
    viewport_size: Text = None
    is_mobile: bool | None = None
    language: Text = None


class Page(Struct, forbid_unknown_fields=True):
    url: str
    path: Text = None
    title: Text = None
    referrer: Text = None
    utm_source: Text = None
    utm_medium: Text = None
    utm_campaign: Text = None
    utm_term: Text = None
    utm_content: Text = None


class Geo(Struct, forbid_unknown_fields=True):
    country: Text = None
    region: Text = None
    city: Text = None
    timezone: Text = None


class Event(Struct, forbid_unknown_fields=True):
    """The base schema of spec.md; only event_type and page.url are required."""

    event_type: str
    page: Page
    event_id: Text = None
    event_timestamp: str | float | None = None
    event_version: Text = None
    session: Session | None = None
    user: User | None = None
    device: Device | None = None
    geo: Geo | None = None
    ab_test_variants: dict[str, str] | None = None
    event_properties: dict[str, Any] | None = None


class Payload(Struct):
    site: str
    events: list[Raw]
    sent_at: str | float | None = None
    automation: bool = False
    consent: Text = None
    tracker: Text = None


_payload = msgspec.json.Decoder(Payload, strict=False)
_event = msgspec.json.Decoder(Event, strict=False)
PARTS: dict[str, type[Struct]] = {"session": Session, "user": User, "device": Device, "page": Page, "geo": Geo}


def inflate(body: bytes, encoding: str) -> bytes:
    """At most MAX_BYTES of it: a bomb costs no more than a large request."""
    plain = unzstd(body) if encoding == "zstd" else gunzip(body)
    if len(plain) > MAX_BYTES:
        raise BadPayload(413, "too_large", f"The request is larger than {MAX_BYTES} bytes when unpacked.")
    return plain


def unzstd(body: bytes) -> bytes:
    try:
        with zstandard.ZstdDecompressor(max_window_size=8 * MAX_BYTES).stream_reader(body) as reader:
            return reader.read(MAX_BYTES + 1)
    except zstandard.ZstdError:
        raise BadPayload(400, "bad_zstd", "The body is said to be zstd, but cannot be unpacked.") from None


def gunzip(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, MAX_BYTES + 1)
    except zlib.error:
        raise BadPayload(400, "bad_gzip", "The body is said to be gzip, but cannot be unpacked.") from None
    if not unpacker.eof and len(plain) <= MAX_BYTES:
        raise BadPayload(400, "bad_gzip", "The body is said to be gzip, but ends too early.")
    return plain


def decode(body: bytes) -> Payload:
    """A title cut in the middle of an emoji arrives as half a surrogate pair: not strictly JSON, but no one's fault."""
    try:
        return _payload.decode(body)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        try:
            text = json.dumps(json.loads(body), ensure_ascii=False).encode("utf-8", "replace")
            return _payload.decode(text)
        except msgspec.ValidationError:
            raise
        except (ValueError, RecursionError):
            raise BadPayload(400, "not_json", f"The body is not JSON: {error}") from None


def lines(body: bytes, site: str) -> Payload:
    """NDJSON: an event a line. A line that is no JSON is one rejected event, and the others are kept."""
    return Payload(site, [Raw(line) for line in body.splitlines() if line.strip()])


def check_payload(body: bytes, kind: str = "", site: str = "") -> Payload:
    """`kind` is the Content-Type; `site` the key from the address, for NDJSON has no place for it."""
    try:
        payload = lines(body, site) if kind in NDJSON else decode(body)
    except msgspec.ValidationError as error:
        raise BadPayload(400, "bad_shape", f"Expected {{site, events}}: {error}") from None
    if len(payload.events) > MAX_EVENTS:
        raise BadPayload(413, "too_many_events", f"At most {MAX_EVENTS} events a request, got {len(payload.events)}.")
    return payload


def with_unknown_fields(raw: Raw) -> Event:
    """What the base schema does not know is kept among the properties: `colour`, and `device_colour` of a part."""
    event = msgspec.json.decode(raw)
    put_traits_together(event)
    unknown = {name: event.pop(name) for name in list(event) if name not in Event.__struct_fields__}
    for part, kind in PARTS.items():
        inner = event.get(part)
        if isinstance(inner, dict):
            unknown |= {f"{part}_{name}": inner.pop(name) for name in list(inner) if name not in kind.__struct_fields__}
    properties = event.get("event_properties")
    if properties is None or isinstance(properties, dict):
        event["event_properties"] = {**unknown, **(properties or {})}
    return msgspec.convert(event, Event, strict=False)


def put_traits_together(event: dict[str, Any]) -> None:
    """Traits beside the properties or within the user go where they are sealed: among the properties."""
    user, properties = event.get("user"), event.get("event_properties")
    places = [place for place in (user, event) if isinstance(place, dict) and "traits" in place]
    found = [place.pop("traits") for place in places]
    if not found or not isinstance(properties, dict | None):
        return
    properties = properties or {}
    told = [one for one in (*found, properties.get("traits")) if isinstance(one, dict)]
    event["event_properties"] = {**properties, "traits": {name: one[name] for one in told for name in one}}


def check_event(raw: Raw) -> Event | tuple[str, str]:
    """The event, or (field, reason): "page.url", "Expected `str`, got `int`"."""
    try:
        try:
            return _event.decode(raw)
        except msgspec.ValidationError as error:
            if not str(error).startswith("Object contains unknown field"):
                raise
            return with_unknown_fields(raw)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$")
        if reason.startswith("Object missing required field"):
            name = reason.split("`")[1]
            return f"{path.strip('`.')}.{name}".lstrip("."), "required, but missing"
        return path.strip("`.") or "event", reason
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return "event", f"cannot be read: {error}"


def encode_properties(properties: dict[str, Any] | None) -> str:
    """JSON text that ClickHouse reads back: decoded and encoded anew, so no key stands twice and no number is odd."""
    if not properties:
        return "{}"
    text = msgspec.json.encode(properties)
    return (msgspec.json.encode(apart(properties)) if DOTTED.search(text) else text).decode()


def apart(value: Any) -> Any:
    """To ClickHouse "a.b" is b within a. Where there is an a beside it, it has to be another name: "a_b"."""
    if isinstance(value, list):
        return [apart(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    clashing = {name for name in value if any(name.startswith(f"{other}.") for other in value)}
    return {name.replace(".", "_") if name in clashing else name: apart(inner) for name, inner in value.items()}
