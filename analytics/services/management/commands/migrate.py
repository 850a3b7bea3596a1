from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate

from analytics.clickhouse.client import StoreError
from analytics.clickhouse.migrate import do_migrate
from analytics.services import embedded
from analytics.services.models import Store


class Command(migrate.Command):
    help = "Bring the relational database and ClickHouse to this version's schema."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--new-clickhouse", action="store_true", help="accept an empty ClickHouse after a loss")

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if options["database"] != "default" or options.get("app_label") or options.get("plan"):
            return
        prepared = Store.objects.filter(name="clickhouse").exists()
        try:
            with embedded.clickhouse_running():
                report = self.stdout.write if options["verbosity"] else lambda text: None
                do_migrate(report, expected=prepared and not options["new_clickhouse"])
        except StoreError as error:
            raise CommandError(str(error)) from None
        Store.objects.get_or_create(name="clickhouse")
