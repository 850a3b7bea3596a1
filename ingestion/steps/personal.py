"""What belongs to a person and slipped into an address, a title or a property is masked before it is kept anywhere."""

from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Raw

from accounts.opt_outs import EVERYWHERE
from ingestion.drops import Drop, Outcome, Reason
from ingestion.enrich.personal import Masker
from ingestion.named import ids_in
from ingestion.payload import Event, Page, encode_properties, put_traits_together
from ingestion.row import Context, Draft
from ingestion.steps.identity import device_hash, user_hash
from ingestion.steps.traits import plain_traits


def marks_of(site_id: int, user_id: str, device_id: str) -> set[str]:
    """By what a person is found who does not want to be tracked. Site 0: on the whole server."""
    marks = {user_hash(site_id, user_id)} if user_id else set()
    return marks | ({f"{device_hash(site_id, device_id):x}"} if device_id else set())


def drop_opted_out(draft: Draft, context: Context) -> Drop | None:
    """Also what a server sends."""
    if not context.known.opted_out:
        return None
    user, device = draft.event.user, draft.event.device
    ids = (user.user_id or "" if user else "", device.device_id or "" if device else "")
    return Drop(Reason.OPTED_OUT) if is_opted_out(context, *ids) else None


def is_opted_out(context: Context, user_id: str, device_id: str) -> bool:
    everyone = context.known.opted_out
    return any(
        (marks := everyone.get(site_id)) and not marks.isdisjoint(marks_of(site_id, user_id, device_id))
        for site_id in (context.site.id, EVERYWHERE)
    )


def why_not_kept(raw: Raw, context: Context) -> Reason | None:
    """Of what is refused for a mistake, or is a bot's: the person's will comes before it."""
    if context.refused is not None and context.refused.outcome is Outcome.DROPPED:
        return context.refused
    if context.known.opted_out:
        text = bytes(raw).decode("utf-8", "replace")
        if any(is_opted_out(context, one, one) for one in ids_in(text)):
            return Reason.OPTED_OUT
    return None


MOST_KEPT = 65_536
IDS = {"user": "user_id", "device": "device_id", "session": "session_id"}
PLACES = ("timezone", "region", "city")
DEVICES = (
    "screen_resolution", "viewport_size", "language", "device_type", "os", "os_version", "browser", "browser_version",
)  # fmt: skip
TAGS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


def mask_personal(draft: Draft, context: Context) -> None:
    masker, row, event = context.site.masker, draft.row, draft.event
    page, user, geo = event.page, event.user, event.geo
    # One look at all of its texts, and most have nothing in them.
    tags = f"{page.utm_source} {page.utm_medium} {page.utm_campaign} {page.utm_term} {page.utm_content}"
    told = f"{event.ab_test_variants or ''}\n{event.event_version or ''}"
    if geo:
        told = f"{told}\n{geo.timezone}\n{geo.region}\n{geo.city}"
    if device := event.device:
        told = f"{told}\n{device.screen_resolution}\n{device.viewport_size}\n{device.language}"
        if context.trusted:
            told += (
                f"\n{device.device_type}\n{device.os}\n{device.os_version}\n{device.browser}\n{device.browser_version}"
            )
    if user:
        told = f"{told}\n{user.user_segment}\n{user.ab_test_variants or ''}"
    if not masker.is_suspect(f"{page.url}\n{page.title}\n{page.referrer}\n{tags}\n{row.properties}\n{told}"):
        return
    mask_visitor(event, masker, context.masked)
    row.event_version = (event.event_version or "1")[:16]
    mask_page(page, masker, context.masked)
    if event.event_properties and masker.is_suspect(row.properties):
        masked = masker.mask_value(event.event_properties, context.masked)
        if masked != event.event_properties:
            event.event_properties = masked
            row.properties = encode_properties(masked)


def mask_visitor(event: Event, masker: Masker, found: dict[str, int]) -> None:
    """Not the ids, which are hashed."""
    event.ab_test_variants = masker.mask_value(event.ab_test_variants, found)
    if event.user:
        event.user.user_segment = masker.mask_value(event.user.user_segment, found)
        event.user.ab_test_variants = masker.mask_value(event.user.ab_test_variants, found)
    event.event_version = masker.mask_value(event.event_version, found)
    for part, names in ((event.geo, PLACES), (event.device, DEVICES)):
        for name in names if part else ():
            setattr(part, name, masker.mask_value(getattr(part, name), found))


def mask_page(page: Page, masker: Masker, found: dict[str, int]) -> None:
    page.url = masker.mask_url(page.url, found)
    page.referrer = masker.mask_url(page.referrer, {}) if page.referrer else page.referrer  # its query goes anyway
    page.title = masker.mask(page.title, found) if page.title else page.title
    for tag in TAGS:
        if text := getattr(page, tag):
            setattr(page, tag, masker.mask(text, found))


def masked_payload(raw: Raw, context: Context) -> str:
    """The payload of what is refused and kept. Who it was stays in it: a replay has to know, and an erasure to find it."""
    text = bytes(raw).decode("utf-8", "replace")
    masker = context.site.masker
    if len(text) <= MOST_KEPT and not masker.is_suspect(text) and "traits" not in text and "\\u" not in text:
        return text
    with suppress(msgspec.DecodeError, RecursionError):
        event = msgspec.json.decode(raw)
        if isinstance(event, dict):
            return encode_kept(masked_event(event, context))
    # Nobody can tell what in it names a person, and no replay can read it.
    return f"unreadable: {len(raw)} bytes"


def masked_event(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Who it was comes first, where no cut reaches it."""
    masker = context.site.masker
    put_traits_together(event)
    kept = {part: with_id(event.pop(part), name, masker, context.masked) for part, name in IDS.items() if part in event}
    kept |= {"event_id": event.pop("event_id")} if "event_id" in event else {}
    properties, page = event.get("event_properties"), event.get("page")
    if isinstance(properties, dict) and "traits" in properties:
        properties["traits"] = plain_traits(properties["traits"], context.site)
    if isinstance(page, dict) and isinstance(page.get("url"), str):
        url = masker.mask_url(page.pop("url"), context.masked)
        kept["page"] = {"url": url, **masker.mask_value(event.pop("page"), context.masked)}
    return {**kept, **masker.mask_value(event, context.masked)}


def with_id(part: Any, name: str, masker: Masker, found: dict[str, int]) -> Any:
    """A part of the event, in which nothing but the id stays as it is."""
    if not isinstance(part, dict) or not isinstance(part.get(name), str | int | float):
        return masker.mask_value(part, found)
    return {name: part.pop(name), **masker.mask_value(part, found)}


def encode_kept(event: dict[str, Any]) -> str:
    """What is too long is cut. It cannot be replayed then, so of who it was only the ids are of use: to an erasure."""
    text = msgspec.json.encode(event).decode()
    if len(text) <= MOST_KEPT:
        return text
    for part, name in IDS.items():
        if isinstance(inner := event.get(part), dict):
            event[part] = {name: inner.get(name)}
    return msgspec.json.encode(event).decode()[:MOST_KEPT]
