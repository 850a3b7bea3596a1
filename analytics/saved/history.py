"""What the audit log is told of a saved thing."""

import json
from typing import Any

from django.db.models import Model
from django.utils.crypto import salted_hmac

from analytics.privacy.stores.saved import FIELDS

LEFT_OUT = ("id", "site", "nonce", "password", "people", "version", "sent_for", "created_at")
WRITTEN = dict(FIELDS)


def told_of(thing: Model) -> dict[str, Any]:
    """Its fields, without secrets and without what changes by itself. Of what people write, only a mark of it."""
    written = WRITTEN.get(type(thing), ())
    told = {}
    for field in thing._meta.concrete_fields:
        if field.name not in LEFT_OUT:
            value = field.value_from_object(thing)
            told[field.name] = mark_of(value) if field.name in written else value
    return told | ({"has_password": bool(thing.password)} if hasattr(thing, "password") else {})


def mark_of(value: Any) -> str:
    """Differs when the text does. So short that it leads back to nobody: the log outlives an erasure."""
    text = json.dumps(value, sort_keys=True)
    return f"text {salted_hmac('footfall.audit.text', text, algorithm='sha256').hexdigest()[:4]}" if value else ""


def target_of(kind: str, thing: Model) -> str:
    """Kind and number where its name is what people wrote."""
    return f"{kind} {thing.pk if type(thing) in WRITTEN else thing}"
