"""POST /api/v1/events as a plain WSGI callable: Django's own request cycle would cost several times the work itself."""

import logging
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

import msgspec
from django.db import DatabaseError

from accounts.address import resolve
from ingestion import limits, pipeline
from ingestion.buffer import BufferError, BufferFull, totals
from ingestion.drops import BOT_REASONS, Reason
from ingestion.enrich.agents import parse_agent
from ingestion.enrich.bots import bot_reason, suspicion
from ingestion.enrich.geo import get_geo
from ingestion.payload import MAX_BYTES, BadPayload, Payload, check_payload, inflate
from ingestion.row import Context
from ingestion.sites import SiteConfig, known
from ingestion.steps.check import parse_time

log = logging.getLogger(__name__)
Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]

STATUS = {
    202: "202 Accepted", 204: "204 No Content", 400: "400 Bad Request", 401: "401 Unauthorized",
    405: "405 Method Not Allowed", 411: "411 Length Required", 413: "413 Content Too Large",
    415: "415 Unsupported Media Type", 429: "429 Too Many Requests", 500: "500 Internal Server Error",
    503: "503 Service Unavailable",
}  # fmt: skip
CORS = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "Retry-After"),
    ("Cache-Control", "no-store"),
]
PREFLIGHT = [
    ("Access-Control-Allow-Methods", "POST, OPTIONS"),
    ("Access-Control-Allow-Headers", "Content-Type, Content-Encoding, Authorization"),
    ("Access-Control-Max-Age", "86400"),
]
MAX_SKEW_MS = 366 * 24 * 3600 * 1000


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    try:
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return answer(start_response, 204, None, PREFLIGHT)
        if environ["REQUEST_METHOD"] != "POST":
            raise BadPayload(405, "method_not_allowed", "Events are sent with POST.", {"Allow": "POST, OPTIONS"})
        return answer(start_response, 202, receive(environ), [])
    except BadPayload as bad:
        return refuse(start_response, bad.status, bad.code, bad.message, list(bad.headers.items()))
    except (BufferError, DatabaseError) as error:
        code = "buffer_full" if isinstance(error, BufferFull) else "unavailable"
        text = str(error) if isinstance(error, BufferError) else "The database cannot be reached."
        return refuse(start_response, 503, code, text, [("Retry-After", "5")])
    except Exception:
        log.exception("An event request failed")
        return refuse(start_response, 500, "internal", "Footfall failed on this request. Its log says why.", [])


def answer(start_response: StartResponse, status: int, body: object, headers: list[tuple[str, str]]) -> Iterable[bytes]:
    data = msgspec.json.encode(body) if body is not None else b""
    kind = [("Content-Type", "application/json"), ("Content-Length", str(len(data)))] if data else []
    start_response(STATUS[status], [*CORS, *kind, *headers])
    return [data]


def refuse(
    start_response: StartResponse, status: int, code: str, message: str, headers: list[tuple[str, str]]
) -> Iterable[bytes]:
    return answer(start_response, status, {"error": {"code": code, "message": message}}, headers)


def receive(environ: Environ) -> pipeline.Accepted:
    kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    payload = check_payload(read_body(environ), kind, site_in_address(environ))
    now = pipeline.now_ms()
    secret = bearer(environ)
    site = known.find(payload.site, secret, now / 1000)
    if site is None:
        what = "ingest secret, or it is not this site's" if secret else "site key"
        raise BadPayload(401, "unknown_key", f"Footfall does not know this {what}. The site's settings show it.")
    context = build_context(environ, payload, site, secret is not None, now)
    if limits.exceeded(context.meters, now // 60_000):
        wait = 60 - now // 1000 % 60
        text = "More events this minute than the site's settings allow."
        raise BadPayload(429, "too_many_requests", text, {"Retry-After": str(wait)})
    return pipeline.accept(payload.events, context)


def site_in_address(environ: Environ) -> str:
    """The site key of `?site=…`, where the body has no place for it."""
    return parse_qs(str(environ.get("QUERY_STRING", ""))).get("site", [""])[0]


def read_body(environ: Environ) -> bytes:
    try:
        length = int(environ.get("CONTENT_LENGTH") or -1)
    except ValueError:
        length = -1
    if length > MAX_BYTES:
        raise BadPayload(413, "too_large", f"The request is larger than {MAX_BYTES} bytes.")
    stream = environ["wsgi.input"]
    body: bytes = stream.read(length if length >= 0 else MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise BadPayload(413, "too_large", f"The request is larger than {MAX_BYTES} bytes.")
    if length > len(body):
        raise BadPayload(400, "cut_off", f"Expected {length} bytes, got {len(body)}.")
    encoding = environ.get("HTTP_CONTENT_ENCODING", "").lower()
    if encoding in ("gzip", "x-gzip", "zstd"):
        return inflate(body, encoding)
    if encoding not in ("", "identity"):
        text = f"Content-Encoding: expected gzip, zstd or none, got {encoding[:32]!r}."
        raise BadPayload(415, "unknown_encoding", text)
    return body


def bearer(environ: Environ) -> str | None:
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def refused(environ: Environ, payload: Payload, site: SiteConfig, address: str, rate: int) -> Reason | None:
    """What holds for all events of a browser's request. `rate`: events of its address this minute, 0 where not counted."""
    if site.blocks(address):
        return Reason.BLOCKED_ADDRESS
    if site.honour_dnt and environ.get("HTTP_DNT") == "1":
        return Reason.DO_NOT_TRACK
    if site.honour_gpc and environ.get("HTTP_SEC_GPC") == "1":
        return Reason.GLOBAL_PRIVACY_CONTROL
    agent, language = environ.get("HTTP_USER_AGENT", ""), environ.get("HTTP_ACCEPT_LANGUAGE")
    reason = bot_reason(agent, payload.automation, language) or suspicion(environ, rate)
    return BOT_REASONS.get(reason)


def build_context(environ: Environ, payload: Payload, site: SiteConfig, trusted: bool, now: int) -> Context:
    address = resolve(str(environ.get("REMOTE_ADDR", "")), environ.get("HTTP_X_FORWARDED_FOR", ""))
    user_agent = environ.get("HTTP_USER_AGENT", "")[:512]
    snapshot = known.current(now / 1000)
    meters = limits.meters_of(site, snapshot.salts[0], address, trusted)
    rate = max((totals.of(meter, now // 60_000) for meter in meters if ":" in meter), default=0)
    return Context(
        site=site,
        known=snapshot,
        trusted=trusted,
        now=now,
        skew=clock_skew(payload, now) if not trusted else 0,
        address=address,
        user_agent=user_agent,
        language="" if trusted else environ.get("HTTP_ACCEPT_LANGUAGE", "").split(",")[0].split(";")[0][:16],
        agent=parse_agent(user_agent),
        place=get_geo().lookup(address),
        refused=None if trusted else refused(environ, payload, site, address, rate),
        consent=payload.consent or "",
        tracker=(payload.tracker or "")[:32],
        meters=meters,
    )


def clock_skew(payload: Payload, now: int) -> int:
    """A browser's clock may be hours off: what it calls now is our now. Under 5 s it is the network, not the clock."""
    if payload.sent_at is None:
        return 0
    try:
        skew = now - parse_time(payload.sent_at)
    except (ValueError, OverflowError):
        return 0
    return skew if 5000 < abs(skew) < MAX_SKEW_MS else 0
