from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate

from analytics.clickhouse.client import StoreError
from analytics.clickhouse.migrate import do_migrate
from analytics.services import embedded
from analytics.services.backup.manifest import BackupError
from analytics.services.backup.upgrade import do_backup_before_upgrade
from analytics.services.models import Store


class Command(migrate.Command):
    help = "Bring the relational database and ClickHouse to this version's schema; what they hold is backed up first."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--new-clickhouse", action="store_true", help="accept an empty ClickHouse after a loss")
        parser.add_argument("--no-backup", action="store_true", help="make no backup before an upgrade")

    def handle(self, *args: Any, **options: Any) -> None:
        whole = options["database"] == "default" and not options.get("app_label") and not options.get("plan")
        if whole and settings.UPGRADE_BACKUP and not options["no_backup"] and not options["new_clickhouse"]:
            self.back_up()
        super().handle(*args, **options)
        if whole:
            self.migrate_clickhouse(options)

    def back_up(self) -> None:
        try:
            path = do_backup_before_upgrade()
        except BackupError as error:
            raise CommandError(
                f"{error} Nothing was changed. `manage.py migrate --no-backup` goes on without one."
            ) from None
        if path:
            self.stdout.write(f"This is an upgrade; what was there is saved in {path}.")

    def migrate_clickhouse(self, options: dict[str, Any]) -> None:
        prepared = Store.objects.filter(name="clickhouse").exists()
        try:
            with embedded.clickhouse_running():
                report = self.stdout.write if options["verbosity"] else lambda text: None
                do_migrate(report, expected=prepared and not options["new_clickhouse"])
        except StoreError as error:
            raise CommandError(str(error)) from None
        Store.objects.get_or_create(name="clickhouse")
