import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.access import site_configurations
from analytics.clickhouse.client import StoreError
from analytics.services import site_readers


class Command(BaseCommand):
    help = "Make a ClickHouse user for a BI tool, who can read one site's rows and nothing else; the URL is shown only once."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", type=int, required=True)
        parser.add_argument("--name", default="bi", help="tells the readers of a site apart")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, site: int, name: str, **options: Any) -> None:
        if site not in {known.pk for known in site_configurations()}:
            raise CommandError(f"There is no site {site}.")
        try:
            reader = site_readers.do_create(site, name)
        except StoreError as error:
            raise CommandError(str(error)) from None
        told = {"user": reader.name, "url": reader.url}
        self.stdout.write(json.dumps(told) if options["json"] else f"user: {reader.name}\nurl: {reader.url}")
