"""New keys for the encrypted traits of people, and an end of the old ones (`manage.py rotatekeys`)."""

import json
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography.fernet import InvalidToken
from django.utils.timezone import now

from accounts import field_keys
from accounts.audit import Action, do_record
from accounts.field_keys import FieldKey
from analytics.clickhouse import traits
from analytics.privacy.holding import hold
from ingestion import buffer, writer

PAGE = 5_000
# For so long some process may still seal with the key before: each looks for a new one every few seconds.
LIVES_ON = timedelta(minutes=10)


@dataclass
class Rotated:
    resealed: int = 0
    unreadable: int = 0  # of a key that is gone, or of another SECRET_KEY
    retired: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # older keys that something still needs, or may


def do_rotate() -> Rotated:
    """Seal with a new key from now on, and what is stored as well. An erasure that runs is waited for."""
    with hold(buffer.key("lease", "privacy"), patience=600.0):
        newest = field_keys.make_key()
        done = reseal(newest)
    done.kept = older_than(newest.name)
    told = {"encrypted_anew": done.resealed, "unreadable": done.unreadable}
    do_record("command", Action.FIELD_KEYS_ROTATED, target=f"new key {newest.name}", after=told)
    return done


def do_retire() -> Rotated:
    """Forget the older keys that nothing is sealed with any more."""
    newest = field_keys.get_newest()
    with hold(buffer.key("lease", "privacy"), patience=600.0):
        writer.drain_all()
        done = reseal(newest)
        needed = traits.get_key_names()
        fresh = FieldKey.objects.filter(name=newest.name, created_at__gt=now() - LIVES_ON).exists()
        for name in older_than(newest.name):
            if fresh or name in needed:
                done.kept.append(name)
            else:
                FieldKey.objects.filter(name=name).delete()
                done.retired.append(name)
    field_keys.ring.clear()
    if done.retired:
        do_record("command", Action.FIELD_KEYS_ROTATED, target=f"{len(done.retired)} older keys forgotten")
    return done


def older_than(name: str) -> list[str]:
    return list(FieldKey.objects.exclude(name=name).values_list("name", flat=True))


def reseal(newest: field_keys.Key) -> Rotated:
    """`at` stays what it was: what the person said meanwhile is later, and wins."""
    done, after = Rotated(), (0, 0, "")
    while rows := traits.get_sealed_by_others(newest.name, after, PAGE):
        after = rows[-1][:3]
        made = []
        for site_id, person, name, sealed, at in rows:
            try:
                value = field_keys.open_sealed(site_id, name, sealed)
            except (InvalidToken, json.JSONDecodeError):
                done.unreadable += 1
                continue
            made.append((site_id, person, name, newest.seal(site_id, name, value), at))
        traits.put_traits(made, token="")
        done.resealed += len(made)
    traits.do_merge()
    return done
