from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.access import site_configurations
from analytics.clickhouse.client import StoreError
from ingestion.buffer import BufferError
from ingestion.replay import do_replay


def check_moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(
            f"--since: expected ISO 8601 such as 2026-11-01 or 2026-11-01T12:00Z, got {text!r}."
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Command(BaseCommand):
    help = "Take rejected events in after all: run them through the pipeline as it is now, with today's schemas."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", type=int, help="the id of one site; all sites without it")
        parser.add_argument("--reason", default="", help="only those rejected for this reason, such as bad_property")
        parser.add_argument("--since", type=check_moment, help="only those that came since then (ISO 8601, UTC)")
        parser.add_argument("--bots", action="store_true", help="re-admit bots instead of rejected events")
        parser.add_argument(
            "--trusted", action="store_true", help="as if sent with the ingest secret: old ones may be in"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        known = [site.pk for site in site_configurations()]
        if options["site"] is not None and options["site"] not in known:
            raise CommandError(
                f"There is no site {options['site']}. There are: {', '.join(map(str, known)) or 'none'}."
            )
        for site_id in [options["site"]] if options["site"] is not None else known:
            try:
                found = do_replay(
                    site_id,
                    "bot" if options["bots"] else "rejected",
                    options["reason"],
                    options["since"],
                    options["trusted"],
                )
            except (StoreError, BufferError) as error:
                raise CommandError(f"Interrupted, nothing is lost; run it again to go on. {error}") from error
            left = ", ".join(f"{number} {reason}" for reason, number in found.left.most_common())
            self.stdout.write(
                f"Site {site_id}: {found.taken} taken in, {found.duplicate} known already, {found.left.total()} still refused"
                + (f" ({left})." if left else ".")
            )
