"""Use of ingest secrets: counted in the process, without a query on the way of an event, and kept twice a minute."""

import threading
import time
from collections import Counter

from accounts.secret_use import do_note_secret

KEEP_SECONDS = 30.0
_lock = threading.Lock()
_counts: Counter[int] = Counter()
_kept_at = time.monotonic()


def count(site_id: int) -> None:
    with _lock:
        _counts[site_id] += 1


def do_keep_due() -> None:
    global _kept_at
    if time.monotonic() - _kept_at >= KEEP_SECONDS:
        _kept_at = time.monotonic()
        do_keep()


def do_keep() -> None:
    """Raises DatabaseError; what was counted is then kept by the next run."""
    with _lock:
        taken = dict(_counts)
        _counts.clear()
    try:
        while taken:
            site_id, requests = next(iter(taken.items()))
            do_note_secret(site_id, requests)
            del taken[site_id]
    finally:
        if taken:
            with _lock:
                _counts.update(taken)
