"""Who it was, without knowing who it was: keyed hashes only (semantics.md, Who)."""

from functools import lru_cache
from hashlib import blake2b, sha256

from django.conf import settings

from accounts.models import Consent
from ingestion.drops import Drop, Reason
from ingestion.enrich.sources import registrable_domain
from ingestion.row import Context, Draft


def hash64(key: bytes, *parts: object) -> int:
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8, key=key).digest(), "big") or 1


@lru_cache(maxsize=1)
def secret() -> bytes:
    return blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"footfall-person").digest()


def plain_id(text: str) -> str:
    """As it can be asked for again by a form."""
    return text.strip().replace("\0", "")[:4000]


@lru_cache(maxsize=65_536)
def user_hash(site_id: int, user_id: str) -> str:
    text = f"{site_id}\x1f{plain_id(user_id)}".encode("utf-8", "replace")
    return blake2b(text, digest_size=16, key=secret()).hexdigest()


def device_hash(site_id: int, device_id: str) -> int:
    return hash64(secret(), "device", site_id, plain_id(device_id))


def cookieless(context: Context, salt: bytes, hostname: str) -> int:
    return hash64(salt, context.site.id, registrable_domain(hostname), context.address, context.user_agent)


def put_cookieless(draft: Draft, context: Context) -> None:
    row, salts = draft.row, context.known.salts
    if context.visitor:
        row.visitor_id = context.visitor
        return
    row.visitor_id = cookieless(context, salts[0], row.hostname)
    row.previous_visitor = cookieless(context, salts[1], row.hostname) if salts[1] else 0


def drop_without_consent(draft: Draft, context: Context) -> Drop | None:
    """The site's consent mode, enforced here whatever the page's script did; a server's secret speaks for itself."""
    if context.trusted or context.consent == "granted":
        return None
    if context.site.consent == Consent.REQUIRED:
        return Drop(Reason.NO_CONSENT)
    event = draft.event
    if event.device and (context.consent == "denied" or context.site.consent == Consent.ANONYMOUS):
        event.device.device_id = None
    if event.user and context.site.consent == Consent.ANONYMOUS:
        event.user.user_id = None
    return None


def put_search_hash(draft: Draft, context: Context) -> None:
    """What somebody searched for is kept only as a hash; the script sends no more, but a server or an old page may.

    The same as static/tracker/capture/search.ts makes of it: SHA-256 of the site's salt and the words in lower case.
    """
    properties = draft.event.event_properties
    if draft.event.event_type != "search" or not properties or not isinstance(properties.get("query"), str):
        return
    words = " ".join(properties["query"].lower().split())
    hashed = sha256((context.site.search_salt + words).encode("utf-8", "replace")).hexdigest()[:16]
    kept = {name: value for name, value in properties.items() if name != "query"}
    draft.event.event_properties = {"query_hash": hashed, **kept}


def put_identity(draft: Draft, context: Context) -> None:
    """visitor: the device, else (from a server) the session or user that it names, else the day's cookieless hash."""
    event, row, site = draft.event, draft.row, context.site.id
    user, device = event.user, event.device
    person = 0
    if user and (user_id := plain_id(user.user_id or "")):
        hashed = user_hash(site, user_id)
        person = int(hashed[:16], 16)
        row.user_id = hashed if context.site.hash_users else user_id[:128]
        row.is_authenticated = True if user.is_authenticated is None else user.is_authenticated
    if device and device.device_id:
        row.device_id = row.visitor_id = device_hash(site, device.device_id)
    elif context.trusted and event.session and event.session.session_id:
        row.visitor_id = hash64(secret(), "session", site, event.session.session_id)
    elif context.trusted and row.user_id:
        row.visitor_id = hash64(secret(), "user", site, row.user_id)
    else:
        put_cookieless(draft, context)
    row.person_id = person or row.visitor_id
    if user and user.user_segment:
        row.user_segment = user.user_segment[:64]
    variants = event.ab_test_variants or (user.ab_test_variants if user else None)
    if variants:
        row.variants = {k[:64]: v[:64] for k, v in list(variants.items())[:20]}
