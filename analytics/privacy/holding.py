"""Leases in Valkey that are prolonged as long as the work goes on, and end by themselves when it is killed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from analytics.privacy.removal import wait_for
from ingestion import buffer
from ingestion.scripts import LEASE, RELEASE, RENEW

LEASE_MS = 10_000
# Work on requests goes on while the writers are paused, which is often for its own sake: a key that there never is.
NO_PAUSE = buffer.key("pause", "nobody")


@contextmanager
def hold(name: str, patience: float = 0.0) -> Iterator[bool]:
    """Whether it is ours. `patience`: seconds to wait for another holder; then NotYet is raised."""
    store, holder = buffer.connection(), uuid4().hex

    def take() -> bool:
        return bool(store.eval(LEASE, 2, name, NO_PAUSE, holder, LEASE_MS))

    if not take():
        if not patience:
            yield False
            return
        wait_for(take, "another request to end", lambda: None, patience)
    ended = threading.Event()
    thread = threading.Thread(target=renew, args=(name, holder, ended), name="lease", daemon=True)
    thread.start()
    try:
        yield True
    finally:
        ended.set()
        thread.join()
        store.eval(RELEASE, 1, name, holder)


def renew(name: str, holder: str, ended: threading.Event) -> None:
    while not ended.wait(LEASE_MS / 4000):
        buffer.connection().eval(RENEW, 2, name, NO_PAUSE, holder, LEASE_MS)
