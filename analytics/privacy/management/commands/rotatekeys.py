from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.clickhouse.client import StoreError
from analytics.privacy.removal import NotYet
from analytics.privacy.rotation import do_retire, do_rotate


class Command(BaseCommand):
    help = "Encrypt the traits of people with a new key. Later, with --retire: forget the keys that nothing needs any more."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--retire", action="store_true", help="make no new key, but end the old ones")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = do_retire() if options["retire"] else do_rotate()
        except (StoreError, NotYet) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{done.resealed} traits were encrypted anew.")
        if done.unreadable:
            self.stdout.write(f"{done.unreadable} cannot be read: their key is gone, or is of another SECRET_KEY.")
        if options["retire"]:
            self.stdout.write(f"{len(done.retired)} older keys are gone, {len(done.kept)} stay.")
        elif done.kept:
            self.stdout.write(f"{len(done.kept)} older keys still open what waits; in 10 minutes: rotatekeys --retire")
