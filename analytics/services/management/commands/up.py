from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analytics.services.checks import CannotStart
from analytics.services.supervisor import Supervisor


class Command(BaseCommand):
    help = "Run all of Footfall: the stores that are embedded, the web server, the worker and beat."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            Supervisor().run()
        except CannotStart as error:
            raise CommandError(str(error)) from None
