"""Large exports in the background: a file a day, joined at the end. A worker that dies goes on with the day it had begun."""

import logging
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.cache import cache
from django.utils.timezone import now

from accounts.actions import send_task
from accounts.models import Site, User
from analytics.queries import export
from analytics.queries.calendar import Period
from analytics.queries.export import Block
from analytics.queries.people import Scope
from analytics.queries.store import StoreError
from analytics.saved.models import Export

log = logging.getLogger(__name__)
LEASE_SECONDS = 120
MOST_WAITING = 5


def folder_of(job: Export) -> Path:
    return Path(settings.DATA_DIR) / "exports" / str(job.pk)


def path_of(job: Export) -> Path:
    return folder_of(job) / f"{job.kind}-{job.first}-{job.last}.{job.format}"


def do_request(site: Site, user: User, kind: str, period: Period, form: str, names: bool = False) -> Export:
    """Raises ValueError where too many wait already."""
    if (
        Export.objects.filter(site=site, status__in=(Export.Status.WAITING, Export.Status.RUNNING)).count()
        >= MOST_WAITING
    ):
        raise ValueError(f"{MOST_WAITING} exports of this site are being made; wait for one of them.")
    job = Export.objects.create(
        site=site, user=user, kind=kind, first=period.first, last=period.last, format=form, names=names
    )
    try:
        send_task("saved.run_export", export_id=job.pk)
    except OSError:
        log.info("The export %s waits until the queue is back.", job.pk)
    return job


def do_run(export_id: int) -> None:
    """One worker at a time; a lease, renewed day by day, tells the others."""
    job = Export.objects.select_related("site").filter(pk=export_id).first()
    if job is None or job.status in (Export.Status.DONE, Export.Status.FAILED):
        return
    lease = f"export:{job.pk}"
    if not cache.add(lease, 1, LEASE_SECONDS):
        return
    try:
        do_parts(job, lease)
        do_join(job)
        Export.objects.filter(pk=job.pk).update(status=Export.Status.DONE, finished_at=now())
    except StoreError as error:
        log.warning("The export %s waits: %s", job.pk, error)  # taken up again by resume
    except OSError as error:
        told = f"The file could not be written: {error.strerror or error}"[:300]
        Export.objects.filter(pk=job.pk).update(status=Export.Status.FAILED, error=told, finished_at=now())
    finally:
        cache.delete(lease)


def do_parts(job: Export, lease: str) -> None:
    folder = folder_of(job)
    folder.mkdir(parents=True, exist_ok=True)
    zone = ZoneInfo(job.site.timezone)
    spans = [(job.first, job.last)] if job.kind == "people" else days_between(job)
    for number in range(job.days_done, len(spans)):
        scope = Scope(job.site_id, Period(*spans[number], zone))
        counted = Counted(export.get_blocks(job.kind, scope, job.names))
        part = folder / f"{number:05}.part"
        with part.with_suffix(".tmp").open("wb") as file:
            for chunk in export.write(job.kind, job.format, iter(counted)):
                file.write(chunk)
                cache.touch(lease, LEASE_SECONDS)
        part.with_suffix(".tmp").replace(part)
        job.days_done, job.rows = number + 1, job.rows + counted.rows
        changed = Export.objects.filter(pk=job.pk)
        changed.update(status=Export.Status.RUNNING, days_done=job.days_done, rows=job.rows)
        cache.touch(lease, LEASE_SECONDS)


class Counted:
    def __init__(self, blocks: Iterator[Block]) -> None:
        self.blocks, self.rows = blocks, 0

    def __iter__(self) -> Iterator[Block]:
        for block in self.blocks:
            self.rows += len(block)
            yield block


def days_between(job: Export) -> list[tuple[date, date]]:
    days = [job.first + timedelta(days=n) for n in range(job.days)]
    return [(day, day) for day in days]


def do_join(job: Export) -> None:
    parts, target = sorted(folder_of(job).glob("*.part")), path_of(job)
    unfinished = target.with_suffix(".tmp")
    if job.format == "parquet":
        join_parquet(parts, unfinished)
    else:
        with unfinished.open("wb") as whole:
            for number, part in enumerate(parts):
                with part.open("rb") as file:
                    if job.format == "csv" and number:
                        file.readline()  # the head stands in the first part; no name in it holds a line break
                    shutil.copyfileobj(file, whole, 1024 * 1024)
    unfinished.replace(target)
    for part in parts:
        part.unlink()


def join_parquet(parts: list[Path], target: Path) -> None:
    """One row group after the other: memory holds one."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(target, pq.read_schema(parts[0]), compression="zstd") as writer:
        for part in parts:
            source = pq.ParquetFile(part)
            for number in range(source.num_row_groups):
                writer.write_table(source.read_row_group(number))


def do_resume() -> None:
    """Those that nobody works on; and what is too old, or of a site that is gone, goes."""
    for job in Export.objects.filter(status__in=(Export.Status.WAITING, Export.Status.RUNNING)):
        send_task("saved.run_export", export_id=job.pk)
    for job in Export.objects.filter(created_at__lt=now() - Export.KEPT_FOR):
        do_delete(job)
    kept = {str(pk) for pk in Export.objects.values_list("pk", flat=True)}
    for folder in (Path(settings.DATA_DIR) / "exports").glob("*"):
        if folder.name not in kept:  # its site was deleted
            shutil.rmtree(folder, ignore_errors=True)


def do_delete(job: Export) -> None:
    shutil.rmtree(folder_of(job), ignore_errors=True)
    job.delete()
