from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.clickhouse.client import StoreError
from analytics.clickhouse.users import site_prefix
from analytics.services import site_readers


class Command(BaseCommand):
    help = "Remove a site's ClickHouse users for BI tools: the one of --name, or all of them. Without --yes, only list them."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", type=int, required=True)
        parser.add_argument("--name", help="as given to createreader")
        parser.add_argument("--yes", action="store_true")

    def handle(self, *args: Any, site: int, name: str | None, **options: Any) -> None:
        try:
            found = site_readers.get_all(site)
            chosen = [user for user in found if name is None or user == site_prefix(site) + name]
            if name and not chosen:
                raise CommandError(f"Site {site} has no reader {name}.")
            if options["yes"]:
                site_readers.do_drop(chosen)
            for user in chosen:
                self.stdout.write(f"{user} {'is removed' if options['yes'] else 'exists'}")
        except StoreError as error:
            raise CommandError(str(error)) from None
