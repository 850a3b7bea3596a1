from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.audit import Action
from accounts.audit_people import record_about
from accounts.models import User
from accounts.sign_in import do_activate, do_deactivate


class Command(BaseCommand):
    help = "Shut somebody out at once, with all their sessions and keys; or let them in again."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--undo", action="store_true", help="let them in again")

    def handle(self, *args: Any, email: str, undo: bool, **options: Any) -> None:
        user = User.objects.filter(email=email.lower()).first()
        if user is None:
            raise CommandError(f"{email} has no account.")
        if undo:
            do_activate(user)
        else:
            do_deactivate(user)
        record_about(user, "command deactivate", Action.ACCOUNT_OPENED if undo else Action.ACCOUNT_SHUT)
        self.stdout.write(f"{email} {'may log in again' if undo else 'is shut out'}.")
