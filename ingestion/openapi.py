"""The part of the OpenAPI schema that no Django view knows: the events endpoint, from the catalogue's own declarations."""

from typing import Any

from ingestion.catalogue import BASE, CATALOGUE

PROBLEM = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
REFUSALS = {
    "400": "Not JSON, or not of this shape.",
    "401": "The site key or the ingest secret is not known.",
    "413": "More than 1 MiB (unpacked) or 1000 events.",
    "415": "A Content-Encoding other than gzip and zstd.",
    "429": "More events this minute than the site allows; Retry-After says how many seconds to wait.",
    "503": "The buffer cannot take them now; send them again, with the same event ids, after Retry-After seconds.",
}
REQUEST = {
    "type": "object",
    "required": ["events"],
    "properties": {
        "site": {"type": "string", "description": "the site key; may be left out with the ingest secret"},
        "events": {"type": "array", "maxItems": 1000, "items": BASE},
        "sent_at": {"type": ["string", "number"], "description": "the sender's clock, to correct its events' times"},
        "consent": {"type": "string", "enum": ["granted", "denied"]},
        "tracker": {"type": "string", "description": "name and version of what sends"},
    },
    "example": {
        "site": "SITE_KEY",
        "events": [
            {
                "event_type": "purchase", "page": {"url": "https://shop.example/checkout"}, "user": {"user_id": "user-42"},
                "event_properties": {"order_id": "1001", "revenue": "49.90", "currency": "EUR"},
            }
        ],
    },
}  # fmt: skip
ACCEPTED = {
    "type": "object",
    "required": ["accepted", "duplicate", "rejected"],
    "properties": {
        "accepted": {"type": "integer"},
        "duplicate": {"type": "integer"},
        "rejected": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "index": {"type": "integer"}, "field": {"type": "string"}, "reason": {"type": "string"},
                },
            },
        },
    },
}  # fmt: skip
SEND: dict[str, Any] = {
    "operationId": "send_events",
    "summary": "Send events",
    "description": (
        "Answers once the events are durable; one event_id counts once within 7 days. From a browser with the site key alone;"
        " from a server with `Authorization: Bearer INGEST_SECRET`, which may set time, user, device and place. gzip and zstd"
        " are taken. As `application/x-ndjson`, one event a line, the site is named by `?site=` or by the secret."
        f" Built-in types: {', '.join(CATALOGUE)}; any other name is an event of your own."
    ),
    "parameters": [
        {"in": "query", "name": "site", "schema": {"type": "string"}, "description": "the site key, for NDJSON"}
    ],
    "requestBody": {"required": True, "content": {"application/json": {"schema": REQUEST}}},
    "security": [{}, {"ingestSecret": []}],
    "tags": ["events"],
    "responses": {
        "202": {"description": "Taken.", "content": {"application/json": {"schema": ACCEPTED}}},
        **{status: {"description": text, "content": PROBLEM} for status, text in REFUSALS.items()},
    },
}
LIST: dict[str, Any] = {
    "operationId": "list_event_types",
    "summary": "The built-in event types",
    "description": "Each with the address of its JSON Schema.",
    "security": [{}],
    "tags": ["events"],
    "responses": {
        "200": {"description": "The catalogue.", "content": {"application/json": {"schema": {"type": "object"}}}}
    },
}


def put_events(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular."""
    schemes = result.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["ingestSecret"] = {"type": "http", "scheme": "bearer", "description": "the site's ingest secret"}
    result["paths"] = {"/api/v1/events": {"post": SEND}, "/api/v1/event-types/": {"get": LIST}, **result["paths"]}
    return result
