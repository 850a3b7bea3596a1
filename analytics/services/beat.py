"""Celery's scheduler for machines whose clock is set back."""

import time
from typing import Any

from celery.beat import PersistentScheduler


class ClockProof(PersistentScheduler):  # type: ignore[misc]  # Celery has no types
    """A task that last ran in what is now the future would wait until that time comes again: days, after a wrong clock."""

    _last = 0.0

    def tick(self, *args: Any, **options: Any) -> Any:
        now = time.time()
        if now < self._last - 1 or not self._last:
            for entry in self.schedule.values():
                entry.last_run_at = min(entry.last_run_at, entry.default_now())
            self._heap = None  # sorted by the old times; made anew
        self._last = now
        return super().tick(*args, **options)
