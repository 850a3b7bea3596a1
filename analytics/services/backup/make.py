"""`manage.py backup`: everything that Footfall holds, as of one moment, in a folder of files."""

import os
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import redis
from django.conf import settings
from django.db import DatabaseError

from analytics.clickhouse.client import StoreError
from analytics.services import embedded
from analytics.services.backup import events, folder, manifest, relational, waiting
from analytics.services.backup.manifest import BackupError, Manifest
from ingestion.pause import NotPaused, writers_paused

Report = Callable[[str], None]
FAILURES = (StoreError, DatabaseError, redis.RedisError, NotPaused, OSError)


def footfall_version() -> str:
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def default_path(prefix: str = "footfall") -> Path:
    path: Path = settings.DATA_DIR / "backups" / f"{prefix}-{manifest.now():%Y%m%d-%H%M%S}"
    return path


def do_backup(path: Path, report: Report, passphrase: str = "") -> Manifest:
    """Raises BackupError; what is at `path` afterwards is a whole backup or nothing.

    Events may arrive all the while. The cut, for which the writers stop for about a second:
    1. Pause the writers between two batches and finish what a dead one left.
    2. Snapshot ClickHouse's tables.
    3. Save the streams up to their last entry, with the counters of the same moment. An event that was acknowledged
       before this moment is in 2 or in 3, once.
    4. Let the writers go on; copy the relational database, the snapshot's rows, keys and files.
    """
    if path.exists():
        raise BackupError(f"{path} exists already.")
    unfinished = path.with_name(path.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(parents=True, mode=0o700)
        os.chmod(unfinished, 0o700)
        with embedded.stores_running():
            told = save_all(unfinished, report, passphrase)
        unfinished.rename(path)
        manifest.sync(path.parent)
    except FAILURES as error:
        raise BackupError(f"The backup could not be made: {error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return told


def save_all(target: Path, report: Report, passphrase: str) -> Manifest:
    with events.snapshot_place() as snapshot:
        with writers_paused() as pause:
            rows = events.take_snapshot(snapshot)
            counts = waiting.save(target)
            moment = manifest.now()
            pause.check()
        report(f"  cut at {moment:%H:%M:%S} UTC; {sum(counts.values()) - counts['keys']} requests wait in the buffer")
        people = relational.save(target)
        report("  relational database saved")
        events.save(target, snapshot, rows)
        report(f"  ClickHouse saved: {rows.get('events', 0)} events")
    folder.save_keys(target, passphrase)
    folder.save_files(target)
    told = Manifest(
        format=manifest.FORMAT,
        footfall=footfall_version(),
        cut_at=moment,
        relational="sqlite" if relational.kind() == "sqlite" else "postgresql",
        django=relational.migrations(),
        clickhouse=events.migrations(),
        clickhouse_version=events.version(),
        rows=people,
        events=rows,
        waiting=counts,
        sealed=bool(passphrase),
    )
    manifest.write(target, told)
    return told
