"""What is known of single people by name, read in one place: plain for who may see it, else masked."""

from collections.abc import Iterable
from typing import Any

from accounts.field_keys import told_trait
from analytics.clickhouse import traits


def get_traits(site_id: int, people: Iterable[int], plain: bool) -> dict[int, dict[str, Any]]:
    """Person -> name -> value. Who has none is not in it."""
    found: dict[int, dict[str, Any]] = {}
    for person, name, sealed in traits.get_traits(site_id, people):
        found.setdefault(person, {})[name] = told_trait(site_id, name, sealed, plain)
    return found
