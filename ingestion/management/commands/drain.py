from typing import Any

from django.core.management.base import BaseCommand

from ingestion import outcomes, writer


class Command(BaseCommand):
    help = "Write everything that waits in the buffer into ClickHouse."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        rows = writer.drain_all()
        outcomes.do_flush_outcomes()
        if rows:
            self.stdout.write(f"Wrote {rows} buffered events.")
