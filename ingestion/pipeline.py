"""The way of an event from the request to its row: a tuple of small named steps."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from uuid import uuid4

import msgspec
from django.conf import settings
from msgspec import Raw

from analytics.clickhouse.columns import Kept
from ingestion.buffer import Push, committer, totals
from ingestion.drops import Drop, Outcome, Reason
from ingestion.payload import Event, check_event
from ingestion.row import Context, Draft, Row, encode_row
from ingestion.steps.check import check_names, check_properties, check_schema, check_size, check_timestamp
from ingestion.steps.consent import CONSENT, put_consent
from ingestion.steps.enrich import put_acquisition, put_agent, put_page, put_place
from ingestion.steps.identity import (
    cookieless,
    drop_without_consent,
    hash64,
    put_identity,
    put_search_hash,
    secret,
)
from ingestion.steps.personal import drop_opted_out, mask_personal, masked_payload, why_not_kept
from ingestion.steps.promote import put_engagement, put_errors_and_vitals, put_money
from ingestion.steps.refuse import drop_refused, drop_sampled_out, drop_shielded
from ingestion.steps.traits import put_traits

Step = Callable[[Draft, Context], Drop | None]
STEPS: tuple[Step, ...] = (
    drop_refused,
    drop_opted_out,
    drop_without_consent,
    check_names,
    check_timestamp,
    check_size,
    check_schema,
    put_traits,
    put_search_hash,
    check_properties,
    mask_personal,
    put_page,
    put_agent,
    put_place,
    drop_shielded,
    put_identity,
    drop_sampled_out,
    put_acquisition,
    put_engagement,
    put_money,
    put_errors_and_vitals,
)
# For the log of consent, which knows nobody.
CONSENT_STEPS: tuple[Step, ...] = (
    drop_refused,
    check_names,
    check_timestamp,
    check_size,
    check_schema,
    put_page,
    drop_shielded,
    put_consent,
)


@dataclass(slots=True)
class Accepted:
    """The answer to one request."""

    accepted: int = 0
    duplicate: int = 0
    rejected: list[dict[str, object]] = field(default_factory=list)


def process(event: Event, context: Context) -> Row | Drop:
    draft = Draft(event, Row(context.site.id))
    for step in CONSENT_STEPS if event.event_type == CONSENT else STEPS:
        drop = step(draft, context)
        if drop is not None:
            return drop
    return draft.row


def partition_of(row: Row, context: Context) -> int:
    """One visitor's events share a partition. Of a browser: by address and agent, which no midnight changes."""
    if context.trusted:
        return row.visitor_id % settings.INGEST_PARTITIONS
    return hash64(secret(), context.address, context.user_agent) % settings.INGEST_PARTITIONS


def event_hash(row: Row) -> int:
    text = f"{row.site_id}:{row.event_id}".encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big") >> 1


class Sorter:
    """Collects what one request adds to each partition."""

    def __init__(self, context: Context, note: str = "") -> None:
        self.context, self.note = context, note
        self.pushes: dict[int | str, Push] = {}
        self.answer = Accepted()
        self.valid = self.received = 0

    def push_for(self, partition: int | str) -> Push:
        if partition not in self.pushes:
            minute = self.context.now // 60_000
            self.pushes[partition] = Push(partition, self.context.site.id, minute, note=self.note)
        return self.pushes[partition]

    def add(self, row: Row, visitor: int = 0) -> None:
        """`visitor` decides the partition where no address does."""
        self.valid += 1
        self.received += 1
        partition = visitor % settings.INGEST_PARTITIONS if visitor else partition_of(row, self.context)
        self.push_for(partition).events.append((event_hash(row), encode_row(row)))

    def count(self, reason: Reason) -> Push:
        self.received += 1
        push = self.push_for(next(iter(self.pushes), 0))
        count = f"{reason.outcome}|{reason}"
        push.counts[count] = push.counts.get(count, 0) + 1
        return push

    def refuse(self, index: int, raw: Raw | None, reason: Reason, name: str, sentence: str) -> None:
        """Count it; keep what can be replayed or re-admitted; tell the sender of a mistake. `raw`: None is not kept."""
        if raw is not None and reason.outcome in (Outcome.REJECTED, Outcome.BOT):
            unwanted = why_not_kept(raw, self.context)
            reason, raw = (unwanted, None) if unwanted else (reason, raw)
        push = self.count(reason)
        if reason.outcome is Outcome.REJECTED:
            self.answer.rejected.append({"index": index, "field": name, "reason": sentence})
        if raw is not None and reason.outcome in (Outcome.REJECTED, Outcome.BOT):
            push.kept.append(keep(raw, reason, name, self.context))


def keep(raw: Raw, reason: Reason, name: str, context: Context) -> bytes:
    """A row for rejected_events or bot_events: the payload, and what the endpoint knew in place of the address."""
    agent, place = context.agent, context.place
    known = {
        "event_id": str(uuid4()),  # for one that brought none: a replay that is repeated must count once
        "visitor_id": str(context.visitor or cookieless(context, context.known.salts[0], context.site.domain)),
        "trusted": context.trusted,
        "consent": context.consent,
        "tracker": context.tracker,
        "skew": context.skew,
        "language": context.language,
        "browser": agent.browser,
        "browser_version": agent.browser_version,
        "os": agent.os,
        "os_version": agent.os_version,
        "device_type": agent.device_type,
        "country": place.country,
        "region": place.region,
        "city": place.city,
        "timezone": place.timezone,
    }
    payload = masked_payload(raw, context)
    kept = Kept(context.site.id, context.now, str(reason), name, payload, msgspec.json.encode(known).decode())
    return msgspec.msgpack.encode((*kept, str(reason.outcome)))


def sort(events: Iterable[Raw], context: Context) -> Sorter:
    """Run the events through the steps."""
    sorter = Sorter(context)
    for index, raw in enumerate(events):
        event = check_event(raw)
        if isinstance(event, tuple):
            sorter.refuse(index, raw, Reason.NOT_AN_EVENT, *event)
            continue
        result = process(event, context)
        if isinstance(result, Drop):
            # A consent id is nowhere kept in the clear.
            sorter.refuse(
                index, None if event.event_type == CONSENT else raw, result.reason, result.field, result.sentence()
            )
            continue
        sorter.add(result)
    return sorter


def commit(sorter: Sorter) -> Accepted:
    """Into the buffer. After it returns the events are durable. Raises BufferError."""
    return accepted(sorter, committer.push_all(metered(sorter)))


async def commit_in_loop(sorter: Sorter) -> Accepted:
    return accepted(sorter, await committer.push_in_loop(metered(sorter)))


def metered(sorter: Sorter) -> list[Push]:
    """What is to be pushed; the first of them tells the meters of the request's events."""
    pushes = list(sorter.pushes.values())
    for kind, number in sorter.context.masked.items() if pushes else ():
        pushes[0].counts[f"masked|{kind}"] = number
    if pushes:
        context, minute = sorter.context, sorter.context.now // 60_000
        counted = ((m, totals.add(m, minute, sorter.received, limit)) for m, limit in context.meters.items())
        pushes[0].meters = {meter: number for meter, number in counted if number}
    return pushes


def accepted(sorter: Sorter, duplicates: int) -> Accepted:
    answer = sorter.answer
    answer.duplicate, answer.accepted = duplicates, sorter.valid - duplicates
    return answer


def now_ms() -> int:
    return time.time_ns() // 1_000_000
