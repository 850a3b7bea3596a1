"""Where data of a person may lie. What stores anything registers it here, or declares that no person is in it.

An app does so in its `personal_data.py`. A test compares what is registered and declared to what is really there: the tables
of ClickHouse ("table:NAME"), the models of Django ("model:APP.NAME"), the data folder ("folder:NAME"), the keys in Valkey
("key:NAME"). What nobody named fails it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from analytics.privacy.reach import Reach


def nothing(reach: Reach) -> Iterator[dict[str, Any]]:
    return iter(())


@dataclass(frozen=True)
class Storage:
    """One place. `find` counts what it holds of the person; after `erase`, which may be repeated, it is 0.

    `paused`: erase while no worker writes. `derived`: made from other data, so it is not exported by itself.
    """

    name: str
    about: str
    covers: tuple[str, ...]
    find: Callable[[Reach], int]
    erase: Callable[[Reach], None]
    export: Callable[[Reach], Iterator[dict[str, Any]]] = nothing
    paused: bool = False


STORAGES: dict[str, Storage] = {}
FREE: dict[str, str] = {}  # "table:migrations" -> why no person is in it


def register(storage: Storage) -> None:
    """In the order in which they are erased."""
    STORAGES[storage.name] = storage


def declare_free(reason: str, *places: str) -> None:
    for place in places:
        FREE[place] = reason


def known_places() -> set[str]:
    return {place for storage in STORAGES.values() for place in storage.covers} | set(FREE)
