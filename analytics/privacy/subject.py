"""Whom a request is about: only keyed hashes, the same that the events carry, never the id itself."""

import json
from dataclasses import dataclass
from hashlib import blake2b

from django.core import signing
from django.db import models

from accounts.models import Site
from ingestion.steps.identity import device_hash, secret, user_hash

TOKEN_SALT = "footfall.privacy"  # noqa: S105  what signatures are made for, no secret
TOKEN_DAYS = 30


class Kind(models.TextChoices):
    USER = "user", "User id"
    DEVICE = "device", "Device id"
    TOKEN = "token", "Token from the person's browser"


class BadSubject(ValueError):
    """The text is fit to be shown."""


@dataclass(frozen=True, slots=True)
class Subject:
    site_id: int
    users: frozenset[str] = frozenset()  # as events.user_id has them where the site hashes
    devices: frozenset[int] = frozenset()
    visitors: frozenset[int] = frozenset()  # cookieless hashes of a day

    @property
    def persons(self) -> set[int]:
        return {int(user[:16], 16) for user in self.users}

    @property
    def marks(self) -> set[str]:
        """As the door knows who is not to be tracked (ingestion/steps/personal.py)."""
        return {*self.users, *(f"{device:x}" for device in self.devices)}

    def encode(self) -> str:
        return json.dumps({"u": sorted(self.users), "d": sorted(self.devices), "v": sorted(self.visitors)})

    @classmethod
    def decode(cls, site_id: int, text: str) -> "Subject":
        found = json.loads(text or "{}")
        users, devices, visitors = (frozenset(found.get(name, ())) for name in "udv")
        return cls(site_id, users, devices, visitors)

    def is_named(self, text: str) -> bool:
        """Whether a text is the person's user id or device id."""
        if self.users and user_hash.__wrapped__(self.site_id, text) in self.users:
            return True
        return bool(self.devices) and device_hash(self.site_id, text) in self.devices


def make_token(site_id: int, device_id: str, visitors: set[int]) -> str:
    """What a browser is given to prove who it is. Whoever has the device id, which is random, is that device."""
    device = device_hash(site_id, device_id) if device_id else 0
    return signing.dumps({"s": site_id, "d": device, "v": sorted(visitors)}, salt=TOKEN_SALT, compress=True)


def read_token(site_id: int, token: str) -> Subject:
    try:
        found = signing.loads(token.strip(), salt=TOKEN_SALT, max_age=TOKEN_DAYS * 86_400)
    except signing.SignatureExpired:
        raise BadSubject(f"The token is older than {TOKEN_DAYS} days; the browser can make a new one.") from None
    except signing.BadSignature:
        raise BadSubject("This is no token of this server.") from None
    if found["s"] != site_id:
        raise BadSubject("The token is another site's.")
    devices = frozenset({found["d"]} if found["d"] else ())
    return Subject(site_id, devices=devices, visitors=frozenset(found["v"]))


def check_subject(site: Site, kind: str, value: str) -> Subject:
    """Raises BadSubject."""
    value = value.strip()
    if not value or len(value) > 4000:
        raise BadSubject("Expected the id, or the token.")
    if kind == Kind.TOKEN:
        return read_token(site.pk, value)
    if kind == Kind.DEVICE:
        return Subject(site.pk, devices=frozenset({device_hash(site.pk, value)}))
    return Subject(site.pk, users=frozenset({user_hash.__wrapped__(site.pk, value)}))


def mark_of(site_id: int, subject: Subject) -> str:
    """Names a subject in the ledger: who knows the id can find the entry, and nothing else leads back."""
    key = blake2b(secret(), digest_size=32, person=b"footfall-ledger").digest()
    return blake2b(f"{site_id}\x1f{subject.encode()}".encode(), digest_size=16, key=key).hexdigest()
