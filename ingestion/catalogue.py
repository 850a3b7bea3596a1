"""The event types that Footfall knows, declared once: validation, the JSON Schemas and their page are made from this.

A property's kind is "text", "integer", "number", "boolean", "money" (decimal, as text or number), "list", "any", or a
dict of kinds for an object. No property is required, and further ones are kept.
"""

from dataclasses import dataclass, field
from functools import cache

from accounts.event_schema import Checker, Schema

Kind = str | dict[str, "Kind"]
Properties = dict[str, Kind]

KINDS: dict[str, Schema] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "money": {"type": ["string", "number"]},
    "list": {"type": "array"},
    "any": {},
}


@dataclass(frozen=True, slots=True)
class EventType:
    what: str
    properties: Properties = field(default_factory=dict)
    passive: bool = False  # not an interaction (semantics.md, Session)
    version: str = "1"


ELEMENT: Properties = {
    "id": "text", "class": "text", "tag": "text", "text": "text", "href": "text", "selector": "text",
    "path": "text",
}  # fmt: skip
POSITION: Properties = {
    "x": "integer", "y": "integer", "viewport_x": "integer", "viewport_y": "integer", "page_width": "integer",
    "page_height": "integer", "relative_x": "number", "relative_y": "number",
}  # fmt: skip
CLICK: Properties = {"element": ELEMENT, "position": POSITION}
VIDEO: Properties = {
    "video_id": "text", "provider": "text", "duration": "number", "duration_watched": "number",
    "completion_percentage": "number",
}  # fmt: skip
PRODUCT: Properties = {
    "product_id": "text", "product_name": "text", "product_category": "text", "price": "money", "currency": "text",
    "quantity": "number", "cart_value": "money",
}  # fmt: skip
CHECKOUT: Properties = {
    "cart_items": "any", "total_value": "money", "currency": "text", "payment_method": "text", "order_id": "text",
}  # fmt: skip
ORDER: Properties = {
    "order_id": "text", "products": "list", "revenue": "money", "currency": "text", "tax": "money", "shipping": "money",
    "coupon": "text", "payment_method": "text",
}  # fmt: skip
FORM: Properties = {"form_id": "text", "form_name": "text", "fields": "list"}
METRICS: Properties = {
    "dom_interactive": "number", "dom_complete": "number", "load_complete": "number", "first_paint": "number",
    "first_contentful_paint": "number", "largest_contentful_paint": "number", "interaction_to_next_paint": "number",
    "cumulative_layout_shift": "number", "time_to_first_byte": "number", "total_blocking_time": "number",
}  # fmt: skip
RESOURCES: Properties = {"total_size": "number", "cached_size": "number", "requests_count": "integer"}

CATALOGUE: dict[str, EventType] = {
    "page_view": EventType("A page is shown.", {"load_time": "number"}),
    "page_exit": EventType(
        "A page is hidden or left.",
        {
            "exit_url": "text", "time_on_page": "number", "engaged_ms": "number", "scroll_depth": "number",
            "exit_type": "text",
        },
        passive=True,
    ),
    "route_change": EventType(
        "An app changes its route.", {"from_route": "text", "to_route": "text", "navigation_type": "text"}, passive=True
    ),
    "click": EventType("An element is clicked.", CLICK),
    "rage_click": EventType("Three clicks within a second on one spot.", {**CLICK, "clicks": "integer"}, passive=True),
    "dead_click": EventType("A click that changed nothing.", CLICK, passive=True),
    "outbound_click": EventType("A link to another site is followed.", {"href": "text"}),
    "form_start": EventType("A form is focused or changed for the first time.", FORM),
    "form_submit": EventType(
        "A form is sent.", {**FORM, "validation_errors": "any", "submission_time": "number"}
    ),
    "form_abandon": EventType("A form was started and left.", {**FORM, "last_field": "text"}, passive=True),
    "input_change": EventType(
        "A field is changed; never its value.",
        {"field_name": "text", "field_type": "text", "has_value": "boolean", "form_id": "text"},
    ),
    "scroll": EventType(
        "A depth of the page is reached.",
        {"scroll_depth": "number", "scroll_velocity": "number", "viewport_height": "number"}, passive=True,
    ),
    "video_play": EventType("A video or audio starts.", VIDEO),
    "video_pause": EventType("It is paused.", VIDEO),
    "video_progress": EventType("A quarter of it is reached.", VIDEO, passive=True),
    "video_complete": EventType("It is played to the end.", VIDEO),
    "file_download": EventType("A file is downloaded.", {"file_name": "text", "file_type": "text", "file_size": "number"}),
    "share": EventType("Something is shared.", {"share_platform": "text", "content_type": "text", "content_id": "text"}),
    "product_view": EventType("A product's page is seen.", PRODUCT, passive=True),
    "add_to_cart": EventType("A product is put into the cart.", PRODUCT),
    "remove_from_cart": EventType("A product is taken out of the cart.", PRODUCT),
    "checkout_start": EventType("The checkout begins.", CHECKOUT),
    "checkout_complete": EventType("The checkout is done.", CHECKOUT),
    "purchase": EventType("An order is placed; one order_id counts once.", ORDER),
    "refund": EventType("An order, or a part of it, is paid back.", {**ORDER, "reason": "text"}),
    "search": EventType(
        "The site's own search; the query only as a hash.",
        {"query_hash": "text", "query_length": "integer", "results_count": "integer", "filters_used": "any"},
    ),
    "search_result_click": EventType(
        "A result is clicked.", {"result_position": "integer", "result_type": "text", "query_hash": "text"}
    ),
    "error": EventType(
        "JavaScript fails.",
        {
            "error_message": "text", "error_stack": "text", "error_type": "text", "source": "text", "line": "integer",
            "column": "integer", "fingerprint": "text", "count": "integer",
        },
        passive=True,
    ),
    "api_error": EventType(
        "A call of the page's own API fails.",
        {"endpoint": "text", "method": "text", "status_code": "integer", "error_type": "text", "error_message": "text"},
        passive=True,
    ),
    "api_performance": EventType(
        "A call of the page's own API is answered.",
        {
            "endpoint": "text", "method": "text", "status_code": "integer", "response_time": "number",
            "payload_size": "number",
        },
        passive=True,
    ),
    "page_performance": EventType(
        "How a page loaded and reacted.",
        {
            "metrics": METRICS, "resources": RESOURCES, "navigation_type": "text", "attribution": "any", **METRICS,
            "page_complete": "number", "dom_ready": "number",
        },
        passive=True,
    ),
    "session_start": EventType("A session begins.", {"session_id": "text"}, passive=True),
    "session_end": EventType(
        "A session ended.",
        {"session_id": "text", "session_duration": "number", "pages_visited": "integer", "events_count": "integer"},
        passive=True,
    ),
    "identify": EventType("Who it is becomes known.", {"traits": "any"}, passive=True),
    "consent": EventType(
        "An answer to the question of consent; it goes to the consent log and is no event of anybody.",
        {
            "answer": "text", "consent_id": "text", "version": "integer", "text": "integer", "language": "text",
            "categories": "list",
        },
        passive=True,
    ),
    "experiment_exposure": EventType(
        "A variant of an experiment is shown.", {"experiment": "text", "variant": "text"}, passive=True
    ),
}  # fmt: skip

PASSIVE = frozenset(name for name, kind in CATALOGUE.items() if kind.passive)


def schema_of(kind: Kind) -> Schema:
    if isinstance(kind, dict):
        return {"type": "object", "properties": {name: schema_of(value) for name, value in kind.items()}}
    return KINDS[kind]


def properties_schema(event_type: str) -> Schema:
    """The JSON Schema of a type's event_properties."""
    return schema_of(CATALOGUE[event_type].properties)


@cache
def checkers() -> dict[tuple[str, str], Checker]:
    """By type and version. A version that is not declared here is newer than this server: it is kept unchecked."""
    return {(name, kind.version): Checker(properties_schema(name)) for name, kind in CATALOGUE.items()}


def find_checker(event_type: str, version: str) -> Checker | None:
    return checkers().get((event_type, version.removesuffix(".0") or "1"))


BASE: Schema = {
    "type": "object",
    "required": ["event_type", "page"],
    "properties": {
        "event_id": {"type": "string", "format": "uuid"},
        "event_type": {"type": "string", "pattern": "^[\\w .:-]{1,64}$"},
        "event_timestamp": {"type": ["string", "number"], "description": "ISO 8601, or milliseconds since 1970"},
        "event_version": {"type": "string", "maxLength": 16},
        "session": schema_of({"session_id": "text", "session_start": "any", "event_index": "integer"}),
        "user": schema_of({"user_id": "text", "is_authenticated": "boolean", "user_segment": "text"}),
        "device": schema_of(
            {
                "device_id": "text", "device_type": "text", "os": "text", "os_version": "text", "browser": "text",
                "browser_version": "text", "screen_resolution": "text", "viewport_size": "text",
                "is_mobile": "boolean", "language": "text",
            }
        ),
        "page": {
            **schema_of(
                {
                    "url": "text", "path": "text", "title": "text", "referrer": "text", "utm_source": "text",
                    "utm_medium": "text", "utm_campaign": "text", "utm_term": "text", "utm_content": "text",
                }
            ),
            "required": ["url"],
        },
        "geo": schema_of({"country": "text", "region": "text", "city": "text", "timezone": "text"}),
        "ab_test_variants": {"type": "object", "additionalProperties": {"type": "string"}},
        "event_properties": {"type": "object"},
    },
}  # fmt: skip


def event_schema(event_type: str, properties: Schema | None = None) -> Schema:
    """The JSON Schema of a whole event of one type; `properties` for a type of a site's own."""
    kind = CATALOGUE.get(event_type)
    inner = properties_schema(event_type) if properties is None else properties
    own = {"event_type": {"const": event_type}, "event_properties": inner}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": event_type,
        **({"description": kind.what, "version": kind.version} if kind else {}),
        **BASE,
        "properties": {**BASE["properties"], **own},
    }
