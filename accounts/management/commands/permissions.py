from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.permissions import MARK, as_markdown


class Command(BaseCommand):
    help = "Write docs/permissions.md from the table of who may do what."

    def handle(self, *args: Any, **options: Any) -> None:
        page = settings.BASE_DIR / "docs" / "permissions.md"
        page.write_text(page.read_text().partition(MARK)[0] + as_markdown())
