"""Before a migration changes what is there, it is saved."""

import shutil
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from analytics.clickhouse import client
from analytics.clickhouse.migrate import names
from analytics.services import embedded
from analytics.services.backup import events, relational
from analytics.services.backup.make import default_path, do_backup
from analytics.services.backup.manifest import BackupError

PREFIX = "before-upgrade"
KEPT = 3


def is_upgrade() -> bool:
    """There is data, and a migration that is not applied. An empty or a foreign database is none of this one's business."""
    try:
        if "django_migrations" not in relational.tables() or relational.is_empty():
            return False
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return True
        with embedded.clickhouse_running():
            return events.exists() and has_pending()
    except (DatabaseError, client.StoreError) as error:
        raise BackupError(f"It cannot be told whether there is anything to save: {error}") from error


def has_pending() -> bool:
    applied = events.migrations() if "migrations" in events.all_tables() else {}
    return bool(applied) and bool(set(names()) - set(applied))


def do_backup_before_upgrade() -> Path | None:
    """Where the backup is; None when nothing has to be saved. The latest three are kept."""
    if not is_upgrade():
        return None
    with embedded.stores_running():
        if not events.exists() or "migrations" not in events.all_tables():
            return None  # migrate says what is wrong with it
    path = default_path(PREFIX)
    do_backup(path, lambda text: None)
    for old in sorted((settings.DATA_DIR / "backups").glob(f"{PREFIX}-*"))[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return path
