"""Celery tasks, thin over plain functions."""

import logging

from celery import shared_task

from analytics.clickhouse import client
from analytics.services import site_readers
from ingestion import buffer, outcomes, recut, salts, writer
from ingestion.replay import Kind, do_replay

TABLES = (
    "events", "events_recent", "sessions", "traffic_15m", "ingest_outcomes", "rejected_events", "bot_events",
    "visits", "rare_events", "cohort_people", "consents", "person_traits",
)  # fmt: skip
log = logging.getLogger(__name__)


@shared_task(name="ingestion.flush", ignore_result=True)
def flush(partition: int | str) -> None:
    try:
        writer.drain(partition)
    except client.StoreError as error:
        log.warning("Partition %s waits in the buffer, nothing is lost: %s", partition, error)


@shared_task(name="ingestion.sweep", ignore_result=True)
def sweep() -> None:
    """Find what no wake-up announced: a worker died, the broker was away, ClickHouse is back."""
    for partition in buffer.all_partitions():
        if buffer.backlog(partition) or recut.waits(partition):
            buffer.wake(partition)
    try:
        outcomes.do_flush_outcomes()
    except client.StoreError as error:
        log.warning("The counted outcomes wait: %s", error)


@shared_task(name="ingestion.destroy_old_salts", ignore_result=True)
def destroy_old_salts() -> None:
    salts.do_destroy_old_salts()


@shared_task(name="ingestion.delete_site_data", ignore_result=True)
def delete_site_data(site_id: int) -> None:
    """Everything that ClickHouse holds of a deleted site, and the users who could read it."""
    site_readers.do_drop(site_readers.get_all(site_id))
    for table in TABLES:
        client.command(f"ALTER TABLE {table} DELETE WHERE site_id = {{site:UInt32}}", {"site": site_id})


@shared_task(name="ingestion.replay", ignore_result=True)
def replay(site_id: int, kind: Kind, reason: str = "") -> None:
    found = do_replay(site_id, kind, reason)
    log.info(
        "Replayed %s events of site %s: %s taken in, %s still refused", kind, site_id, found.taken, found.left.total()
    )


@shared_task(name="ingestion.seed_demo", ignore_result=True)
def seed_demo(site_id: int, events: int = 50_000, days: int = 90) -> None:
    from ingestion.demo import seed

    seed(site_id, events, days, seed=1)
