"""What the hot path knows of sites and salts, held per process and refreshed by a thread: no query per request."""

import logging
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import close_old_connections, connection

from accounts.access import site_configurations
from accounts.models import hash_token
from ingestion.salts import get_salts

log = logging.getLogger(__name__)
REFRESH_SECONDS = 5.0
MISS_SECONDS = 0.5  # a key that is not known asks the database at most this often, whoever hammers


@dataclass(frozen=True, slots=True)
class SiteConfig:
    id: int
    domain: str
    site_key: str
    secret_hash: str
    honour_dnt: bool
    honour_gpc: bool
    gap_ms: int


@dataclass
class Snapshot:
    by_key: dict[str, SiteConfig] = field(default_factory=dict)
    by_id: dict[int, SiteConfig] = field(default_factory=dict)
    by_secret: dict[str, SiteConfig] = field(default_factory=dict)
    salts: tuple[bytes, bytes | None] = (b"", None)
    day: int = -1
    read_at: float = 0.0


class Known:
    """The current snapshot. `refresh` raises DatabaseError; the thread keeps the old snapshot instead."""

    def __init__(self) -> None:
        self._snapshot = Snapshot()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def refresh(self) -> None:
        now = datetime.now(UTC)
        rows = [
            SiteConfig(
                s.pk, s.domain, s.site_key, s.ingest_secret_hash, s.honour_dnt, s.honour_gpc,
                s.session_gap_minutes * 60_000,
            )
            for s in site_configurations()
        ]  # fmt: skip
        self._snapshot = Snapshot(
            {r.site_key: r for r in rows},
            {r.id: r for r in rows},
            {r.secret_hash: r for r in rows},
            get_salts(now.date()),
            int(now.timestamp() // 86_400),
            time.monotonic(),
        )

    def current(self, now: float) -> Snapshot:
        """The snapshot, read first if there is none or the day has turned."""
        if self._snapshot.day != int(now // 86_400):
            with self._lock:
                if self._snapshot.day != int(now // 86_400):
                    self._refresh_and_close()
                    self._start()
        return self._snapshot

    def _refresh_and_close(self) -> None:
        try:
            self.refresh()
        finally:
            if not connection.in_atomic_block:  # this thread serves requests: none holds a connection for long
                close_old_connections()

    def find(self, site_key: str, secret: str | None, now: float) -> SiteConfig | None:
        """The site of a key, or of the ingest secret where one is sent (both must then fit together)."""
        for attempt in (1, 2):
            snapshot = self.current(now)
            found = snapshot.by_secret.get(hash_token(secret)) if secret else snapshot.by_key.get(site_key)
            if found and (not secret or site_key in ("", found.site_key)):
                return found
            if attempt == 2 or time.monotonic() - snapshot.read_at < MISS_SECONDS:
                break
            with self._lock:
                self._refresh_and_close()
        return None

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep_fresh, name="site-refresh", daemon=True)
            self._thread.start()

    def _keep_fresh(self) -> None:
        while True:
            time.sleep(REFRESH_SECONDS)
            try:
                close_old_connections()
                self.refresh()
            except Exception:  # whatever it is, the thread lives on
                log.warning("Sites could not be read from the database; the last known ones stay in use.")


known = Known()
