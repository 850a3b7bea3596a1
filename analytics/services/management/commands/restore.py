import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.services.backup.manifest import BackupError
from analytics.services.backup.restore import Choice, do_restore


class Command(BaseCommand):
    help = (
        "Bring a backup into an empty installation. Footfall must not be running. BACKUP_PASSPHRASE opens sealed keys."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path")
        parser.add_argument("--replace", action="store_true", help="lose what the target holds")
        parser.add_argument("--upgrade", action="store_true", help="take an older version's backup and migrate it")
        parser.add_argument("--other-key", action="store_true", help="keep a SECRET_KEY that differs from the backup's")

    def handle(self, *args: Any, path: str, **options: Any) -> None:
        choice = Choice(
            options["replace"], options["upgrade"], options["other_key"], os.environ.get("BACKUP_PASSPHRASE", "")
        )
        try:
            told = do_restore(Path(path).resolve(), choice, self.stdout.write)
        except BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Restored the state of {told.cut_at:%Y-%m-%d %H:%M:%S} UTC. Start Footfall with `make up`.")
