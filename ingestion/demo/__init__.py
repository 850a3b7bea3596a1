"""A realistic history of a made-up site, the same for the same seed, through the real pipeline."""

from collections.abc import Callable
from datetime import UTC, datetime

from ingestion.demo.feed import feed, settle, site_of
from ingestion.demo.generate import Generator

BATCH = 1000
DOMAIN = "demo.example"


def last_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def seed(
    site_id: int,
    events: int = 50_000,
    days: int = 90,
    seed: int = 1,
    until: datetime | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Write the history that ends at `until` (the last full hour); returns how many events are new.

    Calls report(done, total) after each batch. Raises LookupError for an unknown site.
    """
    site = site_of(site_id)
    generator = Generator(site.domain, events, days, seed, until or last_hour())
    done = new = 0
    for batch in generator.batches(BATCH):
        new += feed(site, batch)
        done += len(batch)
        report(min(done, events), events)
    settle()
    report(events, events)
    return new
