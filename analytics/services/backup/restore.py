"""`manage.py restore`: a backup into an empty installation, checked before anything is changed and again afterwards."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

from analytics.celery import app
from analytics.clickhouse import migrate
from analytics.services import checks, embedded
from analytics.services.backup import events, folder, manifest, relational, waiting
from analytics.services.backup.make import FAILURES, Report
from analytics.services.backup.manifest import BackupError, Manifest
from analytics.services.checks import CannotStart
from ingestion import buffer


@dataclass(frozen=True)
class Choice:
    replace: bool = False  # empty what is not
    upgrade: bool = False  # take an older version's backup and migrate it
    other_key: bool = False  # keep a SECRET_KEY that differs
    passphrase: str = ""


def do_restore(path: Path, choice: Choice, report: Report) -> Manifest:
    """Steps:

    1. The backup is whole: every file has the size and checksum that the manifest says.
    2. It fits: kind of database, version, keys.
    3. Nobody else is at work on the target, and it is empty.
    4. Keys, files, people, ClickHouse, buffer; the rows of each are counted and compared.
    """
    told = manifest.read(path)
    check_version(told, choice.upgrade)
    relational.check(path) if told.relational == "sqlite" else None
    keys = folder.read_keys(path, told.sealed, choice.passphrase)
    folder.check_key(keys, choice.other_key)
    report("  the backup is whole")
    try:
        checks.check_data_folder(settings.DATA_DIR)
        with checks.locked(settings.DATA_DIR), embedded.stores_running():
            check_nobody_works()
            check_empty(choice.replace)
            load_all(path, told, keys, report)
    except CannotStart as error:
        raise BackupError(str(error)) from None
    except FAILURES as error:
        raise BackupError(f"The backup could not be restored: {error}") from error
    return told


def check_version(told: Manifest, upgrade: bool) -> None:
    if told.relational != relational.kind():
        raise BackupError(
            f"The backup is of {told.relational}, this installation uses {relational.kind()}; see DATABASE_URL."
        )
    ours = set(MigrationLoader(None).disk_migrations or {})
    known = {name: migrate.checksum(migrate.FOLDER / name) for name in migrate.names()}
    unknown = [f"{app_name}.{name}" for app_name, name in told.django if (app_name, name) not in ours]
    unknown += [name for name, checksum in told.clickhouse.items() if known.get(name) != checksum]
    if unknown:
        raise BackupError(
            f"The backup is of another, newer version ({told.footfall}): it knows {', '.join(unknown[:4])}."
        )
    older = len(told.django) < len(ours) or len(told.clickhouse) < len(known)
    if older and not upgrade:
        raise BackupError(
            f"The backup is of an older version ({told.footfall}). Restore it with that version, or with --upgrade to have"
            " it brought to this one."
        )
    lanes = [int(name) for name, entries in told.waiting.items() if name.isdigit() and entries]
    if lanes and max(lanes) >= settings.INGEST_PARTITIONS:
        raise BackupError(f"Events wait in partition {max(lanes)}: set INGEST_PARTITIONS to {max(lanes) + 1} at least.")


def check_nobody_works() -> None:
    if app.control.ping(timeout=1.0):
        raise BackupError("A worker of Footfall is running on the target. Stop web, worker and beat first.")


def check_empty(replace: bool) -> None:
    with_rows = []
    if relational.tables() and not relational.is_empty():
        with_rows.append("people and sites")
    if events.exists() and not events.is_empty():
        with_rows.append("events")
    if not waiting.is_empty():
        with_rows.append("a buffer that is not empty")
    if with_rows and not replace:
        raise BackupError(
            f"The target has {' and '.join(with_rows)}. Restore into an empty installation, or with --replace to lose them."
        )


def load_all(path: Path, told: Manifest, keys: dict[str, str], report: Report) -> None:
    folder.load_keys(keys)
    folder.load_files(path)
    relational.load(path, told.django)
    check_counts("table", told.rows, relational.rows_of(told.rows))
    report("  people, sites, keys and files are back")
    migrate.do_migrate(lambda text: None, expected=False, only=set(told.clickhouse))
    events.clear()
    events.load(path, told.events)
    report(f"  ClickHouse is back: {told.events.get('events', 0)} events")
    waiting.clear()
    check_counts("part of the buffer", told.waiting, waiting.load(path))
    buffer.connection().delete(buffer.key("pause"))
    report("  the buffer is back")
    call_command("migrate", verbosity=0, interactive=False, no_backup=True)


def check_counts(what: str, expected: dict[str, int], found: dict[str, int]) -> None:
    wrong = [f"{name} ({found.get(name)} instead of {n})" for name, n in expected.items() if found.get(name, 0) != n]
    if wrong:
        raise BackupError(f"Not all is back; the {what} {', '.join(wrong)} differs.")
