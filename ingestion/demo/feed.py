"""Demo events on the way that a site's own server takes: the trusted path of the pipeline, the buffer, the writer."""

import time

import msgspec
from msgspec import Raw

from ingestion import buffer, pipeline, writer
from ingestion.demo.journeys import Event
from ingestion.enrich.agents import Agent
from ingestion.enrich.geo import Place
from ingestion.row import Context
from ingestion.sites import SiteConfig, known

HIGH_WATER = 60_000  # events in the buffer at which the seeder helps to write them
PATIENCE = 60.0  # seconds for the last events, which a worker may be writing
_encode = msgspec.json.Encoder().encode


def site_of(site_id: int) -> SiteConfig:
    """Raises LookupError; asks the database once more for a site that was added just now."""
    site = known.current(time.time()).by_id.get(site_id)
    if site is None:
        known.refresh()
        site = known.current(time.time()).by_id.get(site_id)
    if site is None:
        raise LookupError(f"There is no site {site_id}.")
    return site


def feed(site: SiteConfig, batch: list[Event]) -> int:
    """How many of the batch are new. An event that the pipeline rejects is a mistake of the generator: ValueError."""
    now = pipeline.now_ms()
    context = Context(
        site=site, known=known.current(now / 1000), trusted=True, now=now, skew=0,
        address="", user_agent="", language="", agent=Agent(), place=Place(),
    )  # fmt: skip
    answer = pipeline.commit(pipeline.sort([Raw(_encode(event)) for event in batch], context))
    if answer.rejected:
        raise ValueError(f"The pipeline rejects a demo event: {answer.rejected[0]}")
    if backlog() > HIGH_WATER:
        settle(HIGH_WATER // 2)
    return answer.accepted


def backlog() -> int:
    return sum(buffer.backlog(partition) for partition in buffer.partitions())


def settle(most: int = 0) -> None:
    """Write until at most so many events wait; a worker that holds a partition writes it instead."""
    until = time.monotonic() + PATIENCE
    while backlog() > most and time.monotonic() < until:
        if not writer.drain_all():
            time.sleep(0.2)
