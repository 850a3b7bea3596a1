"""What the audit log is told of a saved thing."""

from typing import Any

from django.db.models import Model

LEFT_OUT = ("id", "site", "nonce", "password", "people", "version", "sent_for", "created_at")


def told_of(thing: Model) -> dict[str, Any]:
    """Its fields, without secrets and without what changes by itself."""
    fields = [field for field in thing._meta.concrete_fields if field.name not in LEFT_OUT]
    told = {field.name: field.value_from_object(thing) for field in fields}
    return told | ({"has_password": bool(thing.password)} if hasattr(thing, "password") else {})
