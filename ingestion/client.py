"""Footfall's Python client: one file, the standard library only, Python 3.9 or newer. Copy it, or download it from
your Footfall at /clients/footfall.py.

    from footfall import Footfall

    footfall = Footfall("https://stats.example.com", ingest_secret="ffs_...")
    footfall.track("purchase", url="https://shop.example/checkout", user_id="user-42",
                   properties={"order_id": "1001", "revenue": "49.90", "currency": "EUR"})

`track` returns at once. A thread sends batches; what cannot be delivered is tried again until it can, with the same event
ids, so that nothing counts twice. What waits at exit is sent then, for a few seconds at most.
"""

from __future__ import annotations

import atexit
import gzip
import json
import logging
import os
import queue
import random
import sys
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, Literal
from urllib.error import HTTPError
from urllib.request import Request, urlopen

VERSION = "0.1.0"
MAX_BATCH = 500
MAX_BYTES = 900_000  # of JSON; the server takes 1 MiB, unpacked
log = logging.getLogger("footfall")
Event = dict[str, Any]  # of the API's base schema: {"event_type": ..., "page": {"url": ...}, ...}


class FootfallError(Exception):
    """The server will never take what is sent: a wrong address or key. Nothing more is sent."""


class Refused(Exception):
    """The server takes the key, but not this request; its events are tried one by one."""


class QueueFull(Exception):
    """More events wait than `max_queue`, and on_full is "raise"."""


def new_event_id() -> str:
    """A UUID of version 7: it sorts by time, which the store likes."""
    number = (time.time_ns() // 1_000_000) << 80 | 0x7 << 76 | random.getrandbits(12) << 64 | 0b10 << 62
    return str(uuid.UUID(int=number | random.getrandbits(62)))


def iso(moment: datetime | float | str | None) -> str:
    """A datetime (of local time where it names no zone), seconds since 1970, ISO 8601 as it is; None is now."""
    if isinstance(moment, str):
        return moment
    if moment is None:
        moment = time.time()
    if isinstance(moment, (int, float)):
        moment = datetime.fromtimestamp(moment, timezone.utc)  # noqa: UP017  Python 3.9 has no datetime.UTC
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds")  # noqa: UP017


class Footfall:
    """Thread-safe; one for a process. A process that forks may go on using it: the child has a queue of its own.

    on_full: what happens when `max_queue` events wait: "drop_oldest", "block" (up to the server) or "raise" QueueFull.
    on_rejected: called from the sending thread as on_rejected(event, field, reason) for each event that the server refuses.
    """

    def __init__(
        self,
        url: str,
        ingest_secret: str,
        site_key: str = "",
        *,
        flush_seconds: float = 1.0,
        max_queue: int = 10_000,
        on_full: Literal["drop_oldest", "block", "raise"] = "drop_oldest",
        on_rejected: Callable[[Event, str, str], None] | None = None,
        timeout: float = 10.0,
        exit_seconds: float = 5.0,
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"url: expected http:// or https://, got {url!r}")
        self.url = url.rstrip("/")
        self.site_key = site_key
        self.flush_seconds, self.timeout, self.exit_seconds = flush_seconds, timeout, exit_seconds
        self.on_full, self.on_rejected = on_full, on_rejected
        self.max_queue = max_queue
        self.dropped = 0
        self.failure: FootfallError | None = None
        self._secret = ingest_secret
        self._begin()
        atexit.register(self.close)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin)

    def __repr__(self) -> str:
        return f"Footfall({self.url!r})"

    def __enter__(self) -> Footfall:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self) -> None:
        """An empty queue and no thread yet: at the start, and in a forked child, whose parent sends what it holds."""
        self._queue: queue.Queue[Event] = queue.Queue(self.max_queue)
        self._lock = threading.Lock()
        self._wake, self._closing = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._give_up_at: float | None = None

    def track(
        self,
        event_type: str,
        url: str,
        *,
        user_id: str | None = None,
        properties: dict[str, Any] | None = None,
        timestamp: datetime | float | str | None = None,
        event_id: str | None = None,
        **more: Any,
    ) -> str:
        """Queue one event; its id. `more` are further parts of the base schema: device={...}, session={...}, geo={...}."""
        event: Event = {
            "event_id": event_id or new_event_id(),
            "event_type": event_type,
            "event_timestamp": iso(timestamp),
            "page": {"url": url, **more.pop("page", {})},
            **more,
        }
        if user_id is not None:
            event["user"] = {**event.get("user", {}), "user_id": user_id}
        if properties:
            event["event_properties"] = properties
        self.send(event)
        return str(event["event_id"])

    def identify(self, user_id: str, traits: dict[str, Any] | None = None, *, url: str, **more: Any) -> str:
        return self.track("identify", url, user_id=user_id, properties={"traits": traits or {}}, **more)

    def send(self, event: Event) -> None:
        """Queue an event in the API's own shape. One that is no JSON fails here, in the caller's hands."""
        if self.failure:
            raise self.failure
        if self._closing.is_set():
            raise FootfallError("This client is closed.")
        json.dumps(event)
        event.setdefault("event_id", new_event_id())
        self._put(event)
        self._start()
        if self._queue.qsize() >= MAX_BATCH:
            self._wake.set()

    def _put(self, event: Event) -> None:
        while True:
            try:
                self._queue.put(event, block=self.on_full == "block")
                return
            except queue.Full:
                if self.on_full == "raise":
                    raise QueueFull(f"{self.max_queue} events wait") from None
            try:
                self._queue.get_nowait()
                self._queue.task_done()
                self.dropped += 1
            except queue.Empty:
                pass

    def _start(self) -> None:
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="footfall", daemon=True)
                    self._thread.start()

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything that was tracked is delivered; whether it is."""
        until = time.monotonic() + timeout
        self._wake.set()
        while self._queue.unfinished_tasks and not self.failure:
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
        return not self.failure

    def close(self) -> None:
        """Send what waits, for `exit_seconds` at most. Called at exit by itself."""
        if self._closing.is_set():
            return
        self._give_up_at = time.monotonic() + self.exit_seconds
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(self.exit_seconds + self.timeout)
        if self._queue.unfinished_tasks:
            log.warning("%d events could not be delivered before the end.", self._queue.unfinished_tasks)

    def _run(self) -> None:
        kept: Event | None = None
        while not self.failure:
            if kept is None and self._queue.qsize() < MAX_BATCH and not self._closing.is_set():
                self._wake.wait(self.flush_seconds)
                self._wake.clear()
            batch, kept = self._take(kept)
            if batch:
                if not self._deliver(batch):
                    return
                for _ in batch:
                    self._queue.task_done()
            elif self._closing.is_set():
                return

    def _take(self, kept: Event | None) -> tuple[list[Event], Event | None]:
        """The next batch, and the event that was too much for it."""
        batch, size = ([kept], len(json.dumps(kept))) if kept else ([], 0)
        while len(batch) < MAX_BATCH:
            try:
                event = self._queue.get_nowait()
            except queue.Empty:
                break
            length = len(json.dumps(event))
            if batch and size + length > MAX_BYTES:
                return batch, event
            batch.append(event)
            size += length
        return batch, None

    def _deliver(self, batch: list[Event]) -> bool:
        """Try until the server has it; False when it never will, or when the process may not wait longer."""
        pause = 0.5
        while True:
            try:
                self._tell(batch, self._post(batch))
                return True
            except FootfallError as error:
                self.failure = error
                log.error("Nothing more is sent: %s", error)
                return False
            except Refused as error:
                if len(batch) > 1:
                    middle = len(batch) // 2
                    return self._deliver(batch[:middle]) and self._deliver(batch[middle:])
                self._tell(batch, {"rejected": [{"index": 0, "field": "event", "reason": str(error)}]})
                return True
            except (OSError, ValueError) as error:
                wait = max(pause * (1 + random.random() / 2), retry_after(error))
                pause = min(pause * 2, 60)
                log.info("The events wait %.1f s: %s", wait, error)
            if self._give_up_at is not None and time.monotonic() + wait > self._give_up_at:
                return False
            self._closing.wait(wait) if not self._closing.is_set() else time.sleep(wait)
            if self._give_up_at is not None and time.monotonic() > self._give_up_at:
                return False

    def _post(self, batch: list[Event]) -> dict[str, Any]:
        """The server's answer. Raises FootfallError for good, OSError (HTTPError too) for now."""
        body = gzip.compress(
            json.dumps({"site": self.site_key, "events": batch, "tracker": f"python {VERSION}"}).encode()
        )
        headers = {
            "Authorization": f"Bearer {self._secret}",
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
            "User-Agent": f"footfall-python/{VERSION}",
        }
        try:
            with urlopen(Request(f"{self.url}/api/v1/events", body, headers), timeout=self.timeout) as answer:  # noqa: S310
                return dict(json.load(answer))
        except HTTPError as error:
            if error.code == 429 or error.code >= 500:
                raise
            kind = Refused if error.code in (400, 413) else FootfallError
            raise kind(f"{self.url} answered {error.code}: {message_of(error)}") from None

    def _tell(self, batch: list[Event], answer: dict[str, Any]) -> None:
        for item in answer.get("rejected") or []:
            if not 0 <= item.get("index", -1) < len(batch):
                continue
            event = batch[item["index"]]
            if self.on_rejected:
                try:
                    self.on_rejected(event, item["field"], item["reason"])
                except Exception:  # somebody else's function must not stop the sending
                    log.exception("on_rejected failed")
            else:
                log.warning("An event %s was refused: %s %s", event["event_type"], item["field"], item["reason"])


def retry_after(error: Exception) -> float:
    """Seconds that the server asks for."""
    asked = error.headers.get("Retry-After", "") if isinstance(error, HTTPError) and error.headers else ""
    return float(asked) if asked.isdigit() else 0.0


def message_of(error: HTTPError) -> str:
    try:
        return str(json.load(error)["error"]["message"])
    except (ValueError, KeyError, TypeError, OSError):
        return str(error.reason)


def main(arguments: list[str]) -> int:
    """`python footfall.py https://stats.example.com < events.ndjson`, the secret in FOOTFALL_INGEST_SECRET."""
    secret = os.environ.get("FOOTFALL_INGEST_SECRET", "")
    if len(arguments) != 1 or not secret:
        sys.stderr.write(f"usage: {main.__doc__}\n")
        return 2
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    sent = 0
    with Footfall(arguments[0], secret, on_full="block", exit_seconds=600) as footfall:
        for number, line in enumerate(sys.stdin, 1):
            if not line.strip():
                continue
            try:
                footfall.send(dict(json.loads(line)))
                sent += 1
            except FootfallError as error:
                sys.stderr.write(f"{error}\n")
                return 1
            except ValueError as error:
                sys.stderr.write(f"line {number}: expected a JSON object, {error}\n")
        delivered = footfall.flush(600)
    why = footfall.failure or "time is up"
    sys.stderr.write(f"{sent} events sent.\n" if delivered else f"Not all were delivered: {why}\n")
    return 0 if delivered else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
