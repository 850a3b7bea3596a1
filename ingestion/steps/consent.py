"""An answer to the question of consent: it goes to a log of its own, without anything of who gave it."""

import re
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec

from ingestion.drops import Drop, Reason
from ingestion.row import Context, Draft, Row
from ingestion.steps.enrich import cut
from ingestion.steps.identity import cookieless, secret

CONSENT = "consent"  # the event type
WITH_RECEIPT = ("granted", "withdrawn")
ANSWERS = ("granted", "denied", "withdrawn")
RECEIPT = re.compile(r"[\w-]{16,64}", re.ASCII)
MOST_CATEGORIES = 20
LARGEST = 2**32 - 1


def receipt_hash(consent_id: str) -> str:
    """Who has the id can find the entry; from the entry nothing leads back to the id."""
    key = blake2b(secret(), digest_size=32, person=b"footfall-consent").digest()
    return blake2b(consent_id.strip().lower().encode("utf-8", "replace"), digest_size=16, key=key).hexdigest()


def once_a_day(context: Context, hostname: str) -> str:
    """The event id of a denial: who denied keeps nothing by which they could be known, and may be asked on every page.

    It is made under the day's salt, so that nobody can make it again once the salt is gone.
    """
    salt = context.known.salts[0]
    who = cookieless(context, blake2b(salt, digest_size=32, person=b"footfall-denied").digest(), hostname)
    digest = blake2b(f"{context.site.id}\x1f{who}\x1fdenied".encode(), digest_size=16, key=salt).digest()
    return str(UUID(bytes=digest, version=4))


def version_of(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST else 0


def put_consent(draft: Draft, context: Context) -> Drop | None:
    """The row anew, with what the log keeps and nothing else."""
    told, row = draft.event.event_properties or {}, draft.row
    answer, consent_id = told.get("answer"), told.get("consent_id")
    if answer not in ANSWERS:
        return Drop(Reason.BAD_CONSENT, "event_properties.answer", repr(answer)[:64])
    if answer in WITH_RECEIPT and not (isinstance(consent_id, str) and RECEIPT.fullmatch(consent_id)):
        return Drop(Reason.BAD_CONSENT, "event_properties.consent_id")
    categories = told.get("categories")
    kept = {
        "receipt": receipt_hash(str(consent_id)) if answer in WITH_RECEIPT else "",
        "answer": answer,
        "mode": context.site.consent,
        "version": version_of(told.get("version")),
        "text": version_of(told.get("text")),
        "language": cut(str(told.get("language") or ""), 16),
        "categories": [cut(str(one), 64) for one in categories[:MOST_CATEGORIES]]
        if isinstance(categories, list)
        else [],
    }
    event_id = once_a_day(context, row.hostname) if answer == "denied" and not context.trusted else row.event_id
    draft.row = Row(
        row.site_id, row.timestamp, row.received_at, event_id, CONSENT, properties=msgspec.json.encode(kept).decode()
    )
    return None
