import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.access import member_sites
from accounts.actions import do_create_site
from accounts.models import Membership, Role
from analytics.clickhouse.client import StoreError
from ingestion.buffer import BufferError
from ingestion.demo import DOMAIN, last_hour, seed

WIDTH = 30


class Command(BaseCommand):
    help = "Write a realistic demo history through the real pipeline, the same for the same seed and end."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", type=int, help=f"the site's id; else {DOMAIN} in the first owner's team")
        parser.add_argument("--events", type=int, default=50_000)
        parser.add_argument("--days", type=int, default=90)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--until", help="the end as ISO 8601, UTC unless it says otherwise; else the last full hour"
        )

    def handle(self, *args: Any, events: int, days: int, **options: Any) -> None:
        if events < 1 or not 1 <= days <= settings.RETENTION_DAYS:
            raise CommandError(f"Expected at least 1 event, and 1 to {settings.RETENTION_DAYS} days.")
        until = read_until(options["until"])
        site_id = options["site"] or self.demo_site()
        began = time.monotonic()
        try:
            new = seed(site_id, events, days, options["seed"], until, self.progress(began))
        except LookupError as error:
            raise CommandError(f"{error} `manage.py createsite` adds one.") from None
        except (BufferError, StoreError) as error:
            raise CommandError(f"Footfall's stores do not answer, is it running (`make up`)? {error}") from None
        self.stdout.write(f"{new:,} events are new in site {site_id}, in {time.monotonic() - began:.1f} s.")

    def demo_site(self) -> int:
        owner = Membership.objects.filter(role=Role.OWNER).order_by("created_at", "pk").select_related().first()
        if owner is None:
            raise CommandError("Nobody owns a team yet. Create an owner first: manage.py createowner EMAIL")
        site = member_sites(owner.user).filter(domain=DOMAIN, team=owner.team).first()
        return (site or do_create_site(owner.team, DOMAIN, "Europe/Berlin").site).pk

    def progress(self, began: float) -> Callable[[int, int], None]:
        """A bar on a terminal, a line for each tenth elsewhere."""
        terminal, last = self.stderr.isatty(), 0

        def report(done: int, total: int) -> None:
            nonlocal last
            percent = done * 100 // total
            if percent == last or (not terminal and percent // 10 == last // 10):
                return
            last = percent
            speed = done / max(time.monotonic() - began, 0.001)
            text = f"{percent:3d} %  {done:,} of {total:,} events, {speed:,.0f}/s"
            if terminal:
                bar = "#" * (WIDTH * done // total)
                self.stderr.write(f"\r[{bar:<{WIDTH}}] {text} ", str, "\n" if done == total else "")
                self.stderr.flush()
            else:
                self.stderr.write(text, str)

        return report


def read_until(text: str | None) -> datetime:
    if text is None:
        return last_hour()
    try:
        until = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--until: expected ISO 8601 such as 2026-11-24T12:00, got {text!r}.") from None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    if until > datetime.now(UTC):
        raise CommandError("--until: lies in the future.")
    return until
