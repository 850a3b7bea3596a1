"""What identify() told of a person, encrypted: in the export it is opened, since it goes to the person."""

from collections.abc import Iterator
from typing import Any

from accounts.field_keys import told_trait
from analytics.privacy.reach import Reach
from analytics.privacy.removal import delete

TABLE = "person_traits"


def condition(reach: Reach) -> str:
    return f"site_id = {{site:UInt32}} AND person_id IN ({reach.ids('person')})"


def find(reach: Reach) -> int:
    return reach.count(TABLE, condition(reach))


def erase(reach: Reach) -> None:
    delete(reach, TABLE, condition(reach))


def export(reach: Reach) -> Iterator[dict[str, Any]]:
    rows = reach.read(f"SELECT name, sealed FROM {TABLE} FINAL WHERE {condition(reach)} ORDER BY name")
    for name, sealed in rows:
        yield {"trait": name, "value": told_trait(reach.site_id, name, sealed, plain=True)}
