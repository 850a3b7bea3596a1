"""Answers that were given lately, in this process: bounded in size and age, and keyed by the state of the data."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from analytics.queries.days import Days

Rows = list[tuple[Any, ...]]
MOST_CELLS, MOST_CELLS_OF_ONE = 1_000_000, 100_000  # some 100 bytes each
SECONDS = 600.0
STAMP_SECONDS = 1.0


class Results:
    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[float, int, Rows]] = OrderedDict()
        self._days: dict[int, tuple[float, Days]] = {}
        self._cells = 0
        self._swept = 0.0
        self._lock = threading.Lock()

    def days(self, site_id: int, ask: Callable[[], Days]) -> Days:
        """The state of a site's data, asked once a second: how long an answer may lag behind."""
        now = time.monotonic()
        self._sweep(now)
        known = self._days.get(site_id)
        if known is None or known[0] < now - STAMP_SECONDS:
            known = (now, ask())
            with self._lock:
                if len(self._days) > 1000:
                    self._days.clear()
                self._days[site_id] = known
        return known[1]

    def _sweep(self, now: float) -> None:
        """What is too old to be given is not kept either: a person may have been erased since."""
        if now < self._swept + 60:
            return
        with self._lock:
            self._swept = now
            for key in [key for key, found in self._kept.items() if found[0] < now - SECONDS]:
                self._drop(key)

    def get(self, key: Hashable) -> Rows | None:
        with self._lock:
            found = self._kept.get(key)
            if found is None or found[0] < time.monotonic() - SECONDS:
                return None
            self._kept.move_to_end(key)
            return list(found[2])

    def put(self, key: Hashable, rows: Rows) -> None:
        cells = sum(map(cells_of, rows)) + 10
        if cells > MOST_CELLS_OF_ONE:
            return
        with self._lock:
            self._drop(key)
            self._kept[key] = (time.monotonic(), cells, list(rows))
            self._cells += cells
            while self._cells > MOST_CELLS:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        found = self._kept.pop(key, None)
        self._cells -= found[1] if found else 0

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._days.clear()
            self._cells = 0


def cells_of(row: tuple[Any, ...]) -> int:
    return sum(len(value) if isinstance(value, list | tuple | dict) else 1 for value in row)


results = Results()
