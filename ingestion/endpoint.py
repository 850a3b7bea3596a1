"""POST /api/v1/events, past Django: its own request cycle would cost several times the work itself."""

import asyncio
import logging
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import msgspec
from django.core.exceptions import SynchronousOnlyOperation
from django.db import DatabaseError

from accounts.address import resolve
from ingestion import limits, pipeline, secret_use
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

CORS = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "Retry-After"),
    ("Cache-Control", "no-store"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    ("X-Content-Type-Options", "nosniff"),
]
PREFLIGHT = [
    ("Access-Control-Allow-Methods", "POST, OPTIONS"),
    ("Access-Control-Allow-Headers", "Content-Type, Content-Encoding, Authorization"),
    ("Access-Control-Max-Age", "86400"),
]
SMALL = 32_768  # bytes of a body that the event loop works through by itself; a larger one would make the others wait
MAX_SKEW_MS = 366 * 24 * 3600 * 1000


class Answer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes


def respond(environ: Environ) -> Answer:
    """The answer to a request. What it acknowledges is durable. It never raises."""
    try:
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return answer(204, None, PREFLIGHT)
        return answer(202, pipeline.commit(receive(environ)), [])
    except Exception as error:
        return refusal(error)


async def respond_in_loop(environ: Environ, threads: Executor) -> Answer:
    """The same in an event loop, where a request that waits for the buffer costs no thread."""
    try:
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return answer(204, None, PREFLIGHT)
        sorter = None
        if environ["wsgi.input"].getbuffer().nbytes <= SMALL:
            with suppress(SynchronousOnlyOperation):  # an unknown key, or a new day: the database has to be asked
                sorter = receive(environ)
        if sorter is None:
            environ["wsgi.input"].seek(0)
            sorter = await asyncio.get_running_loop().run_in_executor(threads, receive, environ)
        return answer(202, await pipeline.commit_in_loop(sorter), [])
    except Exception as error:
        return refusal(error)


def refusal(error: Exception) -> Answer:
    match error:
        case BadPayload():
            return refuse(error.status, error.code, error.message, list(error.headers.items()))
        case BufferError() | DatabaseError():
            code = "buffer_full" if isinstance(error, BufferFull) else "unavailable"
            text = str(error) if isinstance(error, BufferError) else "The database cannot be reached."
            return refuse(503, code, text, [("Retry-After", "5")])
    log.error("An event request failed", exc_info=error)
    return refuse(500, "internal", "Footfall failed on this request. Its log says why.", [])


def answer(status: int, body: object, headers: list[tuple[str, str]]) -> Answer:
    data = msgspec.json.encode(body) if body is not None else b""
    kind = [("Content-Type", "application/json"), ("Content-Length", str(len(data)))] if data else []
    return Answer(status, [*CORS, *kind, *headers], data)


def refuse(status: int, code: str, message: str, headers: list[tuple[str, str]]) -> Answer:
    return answer(status, {"error": {"code": code, "message": message}}, headers)


def receive(environ: Environ) -> pipeline.Sorter:
    """What the request adds to the buffer. Raises BadPayload; DatabaseError when no sites are known yet."""
    if environ["REQUEST_METHOD"] != "POST":
        raise BadPayload(405, "method_not_allowed", "Events are sent with POST.", {"Allow": "POST, OPTIONS"})
    kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    payload = check_payload(read_body(environ), kind, site_in_address(environ))
    now = pipeline.now_ms()
    secret = bearer(environ)
    site = known.find(payload.site, secret, now / 1000)
    if site is None:
        what = "ingest secret, or it is not this site's" if secret else "site key"
        raise BadPayload(401, "unknown_key", f"Footfall does not know this {what}. The site's settings show it.")
    if secret is not None:
        secret_use.count(site.id)
    context = build_context(environ, payload, site, secret is not None, now)
    if limits.exceeded(context.meters, now // 60_000):
        wait = 60 - now // 1000 % 60
        text = "More events this minute than the site's settings allow."
        raise BadPayload(429, "too_many_requests", text, {"Retry-After": str(wait)})
    return pipeline.sort(payload.events, context)


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
