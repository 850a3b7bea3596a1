"""All writers stopped between two batches, for a moment: what ClickHouse and the buffer hold then fits together."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from ingestion import buffer, recut, writer
from ingestion.scripts import RELEASE

PAUSE_MS = 15_000  # how long the writers wait for one who paused them and died


class NotPaused(Exception):
    """The writers did not stop in time, or went on before the work was done. The text is fit to be shown."""


class Pause:
    """Kept up by a thread; `lost` once somebody else could have written."""

    def __init__(self, patience: float) -> None:
        self.name, self.holder = buffer.key("pause"), uuid4().hex
        until = time.monotonic() + patience
        while not (taken := buffer.connection().set(self.name, self.holder, nx=True, px=PAUSE_MS)):
            if time.monotonic() > until:
                break
            time.sleep(0.1)
        self.lost = not taken
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.keep, daemon=True)

    def keep(self) -> None:
        kept_at = time.monotonic()
        while not self.over.wait(PAUSE_MS / 5000):
            store = buffer.connection()
            if store.get(self.name) != self.holder.encode() or time.monotonic() - kept_at > PAUSE_MS / 1000:
                self.lost = True
                return
            store.pexpire(self.name, PAUSE_MS)
            kept_at = time.monotonic()

    def check(self) -> None:
        held = buffer.connection().get(self.name) == self.holder.encode()
        if self.lost or not held:
            raise NotPaused("The writers went on before the cut was made; try again.")


def wait_for_writers(seconds: float) -> None:
    until = time.monotonic() + seconds
    leases = [buffer.key("lease", partition) for partition in buffer.all_partitions()]
    while buffer.connection().exists(*leases):
        if time.monotonic() > until:
            raise NotPaused(f"The writers did not stop within {seconds:g} s; try again.")
        time.sleep(0.02)


def finish_manifests() -> None:
    """A batch that a writer left when it died may be in ClickHouse already, or not: written again, it is, once."""
    for partition in buffer.all_partitions():
        recut.do_tidy(partition)
        if buffer.connection().exists(buffer.key("manifest", partition)):
            batch = buffer.take(partition, writer.BATCH)
            if batch:
                writer.write(batch)


@contextmanager
def writers_paused(seconds: float = 60.0, patience: float = 30.0) -> Iterator[Pause]:
    """`seconds` for the writers to stop, `patience` for who paused them already: a backup, or a deletion of a person. Steps:

    1. Forbid new leases; a writer that has one stops after its batch, and a dead one's runs out.
    2. Finish the batches that have a manifest. From here on every event is either in ClickHouse or in a stream.
    3. The caller looks at both, and calls `check` at the end. Events go on arriving, into the streams only.
    """
    pause = Pause(patience)
    if pause.lost:
        raise NotPaused("Another backup is being made, or a person deleted; wait for it.")
    pause.thread.start()
    try:
        wait_for_writers(seconds)
        finish_manifests()
        yield pause
    finally:
        pause.over.set()
        pause.thread.join()
        buffer.connection().eval(RELEASE, 1, pause.name, pause.holder)
        for partition in buffer.all_partitions():
            buffer.wake(partition)
