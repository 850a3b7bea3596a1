"""Rejected events and bots, taken in after all: a schema was mended, or the bot was none.

They run through today's pipeline with what the endpoint knew of them when they came. What is still rejected stays where it
is. What is taken in leaves its table; an event_id that was seen counts once, so a replay that is interrupted is harmless.
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec import Raw

from analytics.clickhouse import client
from ingestion.buffer import committer
from ingestion.drops import Drop, Outcome
from ingestion.enrich.agents import Agent
from ingestion.enrich.geo import Place
from ingestion.payload import Event, check_event
from ingestion.pipeline import Sorter, process
from ingestion.row import Context, Row
from ingestion.sites import SiteConfig, known

Kind = Literal["rejected", "bot"]
TABLES: dict[Kind, str] = {"rejected": "rejected_events", "bot": "bot_events"}
BATCH = 1000
PAGE = """
SELECT sipHash64(payload, context) AS row, received_at, payload, context FROM {table}
WHERE site_id = {{site:UInt32}} AND ({{reason:String}} = '' OR reason = {{reason:String}})
  AND received_at >= {{since:DateTime64(3, 'UTC')}} AND received_at < {{until:DateTime64(3, 'UTC')}}
  AND (received_at, row) > ({{at:DateTime64(3, 'UTC')}}, {{after:UInt64}})
ORDER BY received_at, row
LIMIT {limit}
"""
Stored = tuple[int, datetime, str, str]


@dataclass(slots=True)
class Replayed:
    taken: int = 0
    duplicate: int = 0
    left: Counter[str] = field(default_factory=Counter)  # still rejected, by reason


def text_of(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:23]


def pages(site_id: int, kind: Kind, reason: str, since: datetime) -> Iterator[list[Stored]]:
    """What is there now, in the order in which it came; what arrives meanwhile is not ours."""
    params = {
        "site": site_id, "reason": reason, "since": text_of(since), "until": text_of(datetime.now(UTC)),
        "at": "1970-01-01 00:00:00.000", "after": 0,
    }  # fmt: skip
    while rows := client.read(PAGE.format(table=TABLES[kind], limit=BATCH), params, f"site={site_id} report=replay"):
        yield rows
        params |= {"at": text_of(rows[-1][1].replace(tzinfo=UTC)), "after": rows[-1][0]}


def context_of(site: SiteConfig, received_at: datetime, told: dict[str, Any], trusted: bool) -> Context:
    text = {name: str(told.get(name) or "") for name in (
        "browser", "browser_version", "os", "os_version", "device_type", "country", "region", "city", "timezone",
        "language", "consent", "tracker",
    )}  # fmt: skip
    agent = Agent(
        text["browser"], text["browser_version"], text["os"], text["os_version"], text["device_type"],
        text["device_type"] in ("mobile", "tablet"),
    )  # fmt: skip
    return Context(
        site=site,
        known=known.current(time.time()),
        trusted=trusted or bool(told.get("trusted")),
        now=int(received_at.replace(tzinfo=UTC).timestamp() * 1000),
        skew=int(told.get("skew") or 0),
        address="",
        user_agent="",
        language=text["language"],
        agent=agent,
        place=Place(text["country"], text["region"], text["city"], text["timezone"]),
        consent=text["consent"],
        tracker=text["tracker"],
        visitor=int(told.get("visitor_id") or 0),
    )


def once_more(site: SiteConfig, stored: Stored, trusted: bool) -> tuple[Context, Row | Drop | None]:
    """The context, and the row that came of it; None when the payload is no event."""
    _, received_at, payload, told_text = stored
    told = msgspec.json.decode(told_text or "{}")
    context = context_of(site, received_at, told, trusted)
    event = check_event(Raw(payload.encode()))
    if not isinstance(event, Event):
        return context, None
    event.event_id = event.event_id or told.get("event_id")
    return context, process(event, context)


def replay_page(site: SiteConfig, kind: Kind, rows: list[Stored], trusted: bool, result: Replayed) -> None:
    sorter: Sorter | None = None
    done = []
    for stored in rows:
        context, outcome = once_more(site, stored, trusted)
        if sorter is None:
            sorter = Sorter(replace(context, now=int(time.time() * 1000)), note="replayed")
        if isinstance(outcome, Row):
            sorter.add(outcome, outcome.visitor_id)
            done.append(stored[0])
        elif outcome is None or outcome.reason.outcome in (Outcome.REJECTED, Outcome.BOT):
            result.left[str(outcome.reason) if outcome else "not_an_event"] += 1
        else:
            sorter.count(outcome.reason)
            done.append(stored[0])
    if sorter is None or not done:
        return
    duplicate = committer.push_all(list(sorter.pushes.values()))
    result.taken += len(done) - duplicate
    result.duplicate += duplicate
    client.command(
        f"DELETE FROM {TABLES[kind]} WHERE site_id = {{site:UInt32}}"
        " AND has({done:Array(UInt64)}, sipHash64(payload, context))",
        {"site": site.id, "done": done},
    )


def do_replay(
    site_id: int, kind: Kind = "rejected", reason: str = "", since: datetime | None = None, trusted: bool = False
) -> Replayed:
    """`reason`: only these; "" for all. `trusted`: as if the ingest secret had come with them, so that old ones may be in.

    Raises StoreError or BufferError; what was taken in until then counts, and another replay goes on with the rest.
    """
    known.refresh()  # the schema that was mended a moment ago
    site = known.current(time.time()).by_id[site_id]
    result = Replayed()
    for rows in pages(site_id, kind, reason, since or datetime(2000, 1, 1, tzinfo=UTC)):
        replay_page(site, kind, rows, trusted, result)
    return result
