import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.services.backup.make import default_path, do_backup
from analytics.services.backup.manifest import BackupError


class Command(BaseCommand):
    help = (
        "Save everything to a new folder, while Footfall runs or not. With BACKUP_PASSPHRASE in the environment the keys"
        " are sealed."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", nargs="?", help="a folder to be made; by default in backups/ of the data folder")

    def handle(self, *args: Any, path: str | None, **options: Any) -> None:
        target = Path(path).resolve() if path else default_path()
        try:
            told = do_backup(target, self.stdout.write, os.environ.get("BACKUP_PASSPHRASE", ""))
        except BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Saved {sum(told.events.values())} rows of ClickHouse and {len(told.files)} files: {target}")
