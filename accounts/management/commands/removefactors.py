from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.audit import Action
from accounts.audit_people import record_about
from accounts.factors import do_remove_all
from accounts.models import User


class Command(BaseCommand):
    help = "Take somebody's second factors away: for who has lost phone, keys and recovery codes."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=email.lower()).first()
        if user is None:
            raise CommandError(f"{email} has no account.")
        count = do_remove_all(user)
        record_about(user, "command removefactors", Action.MFA_REMOVED)
        self.stdout.write(f"{count} second factors of {email} are removed; the password alone logs them in.")
