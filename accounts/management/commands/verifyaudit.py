from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.audit import do_sign_anew
from accounts.audit_verify import verify


class Command(BaseCommand):
    help = "Check that no entry of the audit log was altered, removed or cut off. Exit code 1 names the first that was."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--head", default="", help="NUMBER:HASH that an earlier run printed and you kept elsewhere")
        parser.add_argument(
            "--accept", action="store_true", help="sign the log as it stands (after a change of SECRET_KEY)"
        )

    def handle(self, *args: Any, head: str, accept: bool, **options: Any) -> None:
        if accept:
            do_sign_anew("command verifyaudit")
        try:
            found = verify(head)
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from None
        if found.problem:
            raise CommandError(f"{found.problem} {found.entries} entries before it are as they were written.")
        self.stdout.write(f"{found.entries} entries are as they were written. Head: {found.head or 'none'}")
