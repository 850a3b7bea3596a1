from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.privacy.receipt import check_receipt


class Command(BaseCommand):
    help = "Say whether the receipt of a deletion is genuine."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--public-key", default="", help="of the server that made it; else this one's")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            told = check_receipt(options["file"].read_text(), options["public_key"])
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Genuine: request {told['request']} of {told['site']}, finished {told['finished_at']}.")
        for name, counts in told["storages"].items():
            self.stdout.write(f"  {name}: {counts['erased']} erased, {counts['left']} left")
