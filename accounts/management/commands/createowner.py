from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from accounts.actions import do_create_owner
from accounts.audit import Action, do_record
from accounts.models import User


class Command(BaseCommand):
    help = "Create a person with a team of their own."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--password", required=True)
        parser.add_argument("--name", default="")

    def handle(self, *args: Any, email: str, password: str, name: str, **options: Any) -> None:
        try:
            validate_email(email)
            validate_password(password, User(email=email, name=name))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        if User.objects.filter(email=email.lower()).exists():
            raise CommandError(f"{email} has an account already.")
        user = do_create_owner(email, password, name)
        do_record("command createowner", Action.ACCOUNT_MADE, user.teams.get(), target=user.email)
        self.stdout.write(f"Created {email}.")
