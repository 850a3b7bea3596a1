"""What identify() tells of a person by name, address or number is kept encrypted (Fernet: AES-128-CBC with HMAC-SHA256).

The keys stand in the database, each encrypted by a key made from SECRET_KEY, so that neither a copy of ClickHouse nor one of
the database alone tells anything. The newest seals, all of them open. `manage.py rotatekeys` makes a new one.
"""

import base64
import hashlib
import json
import logging
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import models
from django.utils.timezone import now

log = logging.getLogger(__name__)
HIDDEN = "•••"


class FieldKey(models.Model):
    """A key for fields, itself encrypted. `name` says by which one a field was sealed, and tells nothing of it."""

    name = models.CharField(max_length=16, unique=True)
    wrapped = models.TextField()
    created_at = models.DateTimeField(default=now)

    class Meta:
        app_label = "accounts"
        ordering: ClassVar = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Key:
    name: str
    fernet: Fernet

    def seal(self, site_id: int, trait: str, value: Any) -> str:
        """Site and name are sealed as well: a text that is moved to another place does not open there."""
        return f"{self.name}:{self.fernet.encrypt(json.dumps([site_id, trait, value]).encode()).decode()}"


@lru_cache(maxsize=4)
def wrapper(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"footfall fields|" + secret.encode()).digest()))


def unwrapped(kept: FieldKey) -> Key | None:
    try:
        return Key(kept.name, Fernet(wrapper(settings.SECRET_KEY).decrypt(kept.wrapped.encode())))
    except (InvalidToken, ValueError):
        log.error("The field key %s is of another SECRET_KEY: what it sealed cannot be read.", kept.name)
        return None


def make_key() -> Key:
    """A new one, by which everything is sealed from now on."""
    raw = Fernet.generate_key()
    name = hashlib.sha256(b"footfall field key|" + raw).hexdigest()[:16]
    FieldKey.objects.create(name=name, wrapped=wrapper(settings.SECRET_KEY).encrypt(raw).decode())
    return Key(name, Fernet(raw))


def get_newest() -> Key:
    """The one that seals; made when there is none."""
    newest = FieldKey.objects.first()
    return (unwrapped(newest) if newest else None) or make_key()


class Ring:
    """All keys, read anew when one is asked for that is not known."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}
        self._lock = threading.Lock()

    def find(self, name: str) -> Key | None:
        if name not in self._keys:
            with self._lock:
                self._keys = {key.name: key for one in FieldKey.objects.all() if (key := unwrapped(one))}
        return self._keys.get(name)

    def clear(self) -> None:
        self._keys = {}


ring = Ring()


def open_sealed(site_id: int, trait: str, sealed: str) -> Any:
    """The value. Raises InvalidToken: its key is gone, or it is not this site's."""
    name, _, token = sealed.partition(":")
    key = ring.find(name)
    if key is None:
        raise InvalidToken
    told = json.loads(key.fernet.decrypt(token.encode()))
    if told[:2] != [site_id, trait]:
        raise InvalidToken
    return told[2]


def masked(value: Any) -> str:
    """Enough to tell one from another by eye, and not to write to anybody: a•••@e•••.com."""
    text = value if isinstance(value, str) else ""
    mailbox, at, host = text.partition("@")
    if at and mailbox and "." in host:
        domain, _, ending = host.rpartition(".")
        return f"{mailbox[0]}{HIDDEN}@{domain[:1]}{HIDDEN}.{ending}"
    return f"{text[0]}{HIDDEN}" if text and text[0].isalpha() else HIDDEN


def told_trait(site_id: int, trait: str, sealed: str, plain: bool) -> Any:
    """The one way out, for pages, API and exports: the value for who may see who it is, else what is left of it masked."""
    try:
        value = open_sealed(site_id, trait, sealed)
    except (InvalidToken, ValueError):
        return HIDDEN
    return value if plain else masked(value)
