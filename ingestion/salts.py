"""The daily salts of the cookieless visitor hash: random, shared by all processes, destroyed after 48 hours."""

import secrets
from datetime import UTC, date, datetime, timedelta

from django.db import IntegrityError

from ingestion.models import Salt

LIFE = timedelta(hours=48)


def get_or_make_salt(day: date) -> bytes:
    salt = Salt.objects.filter(day=day).first()
    if salt is None:
        try:
            salt = Salt.objects.create(day=day, value=secrets.token_bytes(16))
        except IntegrityError:  # another process made it in between
            salt = Salt.objects.get(day=day)
    return bytes(salt.value)


def get_salts(day: date) -> tuple[bytes, bytes | None]:
    """The day's salt and, so that midnight cuts no session, the one of the day before (None: there was none)."""
    before = Salt.objects.filter(day=day - timedelta(days=1)).first()
    return get_or_make_salt(day), bytes(before.value) if before else None


def do_destroy_old_salts(now: datetime | None = None) -> int:
    """A salt of a day is needed until the end of the next one, which is 48 hours after its day began."""
    now = now or datetime.now(UTC)
    return Salt.objects.filter(day__lte=(now - LIFE).date()).delete()[0]
