"""What the hot path knows of sites and salts, held per process and refreshed by a thread: no query per request."""

import json
import logging
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import re2
from django.db import close_old_connections, connection
from django.utils import timezone

from accounts import field_keys
from accounts.access import site_configurations
from accounts.event_schema import Checker, checker_of
from accounts.models import Consent, EventSchema, Site, hash_token
from accounts.opt_outs import opted_out
from ingestion import secret_use
from ingestion.enrich.personal import Masker, masker_of
from ingestion.enrich.urls import ALLOWED, UTM
from ingestion.salts import get_salts

log = logging.getLogger(__name__)
REFRESH_SECONDS = 5.0
MISS_SECONDS = 0.5  # keys that are not known ask the database at most this often, whoever hammers,
MISSES = 20  # after so many at once: a program that makes a site may post to it in the same moment
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """A site, and what its owner wants of its events (accounts.models.Collection)."""

    id: int
    domain: str
    site_key: str
    secret_hash: str
    honour_dnt: bool
    honour_gpc: bool
    gap_ms: int
    consent: str = Consent.COOKIELESS
    hash_users: bool = True
    traits: frozenset[str] = frozenset()
    hostnames: Any = None  # None: all are welcome
    blocked_paths: Any = None  # a compiled pattern of re2
    blocked_countries: frozenset[str] = frozenset()
    blocked_networks: tuple[Network, ...] = ()
    sampling: dict[str, float] = field(default_factory=dict)  # event type or "*" -> percent
    search_salt: str = ""
    limit_site: int = 0
    limit_address: int | None = None
    schemas: dict[str, Checker] = field(default_factory=dict)
    masker: Masker = field(default_factory=Masker)
    query_params: frozenset[str] = ALLOWED  # of addresses, kept beside those of campaigns
    old_secret_hash: str = ""  # works beside the new one
    sealed_traits: frozenset[str] = frozenset()

    def blocks(self, address: str) -> bool:
        if not self.blocked_networks:
            return False
        try:
            found = ip_address(address)
        except ValueError:
            return False
        found = getattr(found, "ipv4_mapped", None) or found
        return any(found in network for network in self.blocked_networks)


def wildcards(patterns: list[str], separator: str) -> Any:
    """`*` is anything but the separator, `**` anything at all; RE2, which no pattern and no text makes slow."""
    if not patterns:
        return None
    other = f"[^{re2.escape(separator)}]*"

    def translated(pattern: str) -> str:
        return ".*".join(other.join(map(re2.escape, part.split("*"))) for part in pattern.split("**"))

    options = re2.Options()
    options.case_sensitive, options.dot_nl, options.log_errors = False, True, False
    options.max_mem = 64 * 1024 * 1024
    return re2.compile("|".join(map(translated, patterns)), options)


def schemas_of(site: Site) -> dict[str, Checker]:
    found = {}
    for own in site.event_schemas.all():
        if own.mode == EventSchema.Mode.OFF:
            continue
        try:
            found[own.event_type] = checker_of(
                json.dumps(own.schema, sort_keys=True), own.mode == EventSchema.Mode.STRICT
            )
        except ValueError as error:  # the form checks it; somebody wrote past the form
            log.warning("The schema of %s on %s cannot be used: %s", own.event_type, site.domain, error)
    return found


def old_secret_of(site: Site) -> str:
    until = site.old_secret_until
    return site.old_secret_hash if until is not None and timezone.now() < until else ""


def masker_for(site: Site) -> Masker:
    kinds = tuple(sorted(site.collection.masked))
    try:
        return masker_of(kinds, tuple((one["name"], one["pattern"]) for one in site.collection.mask_rules))
    except (ValueError, KeyError, TypeError) as error:  # the form checks it; somebody wrote past the form
        log.warning("The masking rules of %s cannot be used: %s", site.domain, error)
        return masker_of(kinds, ())


def config_of(site: Site) -> SiteConfig:
    wanted = site.collection
    return SiteConfig(
        site.pk, site.domain, site.site_key, site.ingest_secret_hash, site.honour_dnt, site.honour_gpc,
        site.session_gap_minutes * 60_000, wanted.consent, wanted.hash_users, frozenset(wanted.traits),
        wildcards(wanted.hostnames, "."), wildcards(wanted.blocked_paths, "/"), frozenset(wanted.blocked_countries),
        tuple(ip_network(text, strict=False) for text in wanted.blocked_networks), dict(wanted.sampling), wanted.search_salt,
        wanted.limit_site, wanted.limit_address, schemas_of(site), masker_for(site), frozenset({*UTM, *wanted.query_params}),
        old_secret_of(site), frozenset(wanted.sealed_traits),
    )  # fmt: skip


@dataclass
class Snapshot:
    by_key: dict[str, SiteConfig] = field(default_factory=dict)
    by_id: dict[int, SiteConfig] = field(default_factory=dict)
    by_secret: dict[str, SiteConfig] = field(default_factory=dict)
    salts: tuple[bytes, bytes | None] = (b"", None)
    day: int = -1
    opted_out: dict[int, frozenset[str]] = field(default_factory=dict)
    field_key: field_keys.Key | None = None
    read_at: float = 0.0


class Known:
    """The current snapshot. `refresh` raises DatabaseError; the thread keeps the old snapshot instead."""

    def __init__(self) -> None:
        self._snapshot = Snapshot()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._misses = 0

    def refresh(self) -> None:
        now = datetime.now(UTC)
        rows = [config_of(site) for site in site_configurations()]
        self._snapshot = Snapshot(
            {r.site_key: r for r in rows},
            {r.id: r for r in rows},
            {r.old_secret_hash: r for r in rows if r.old_secret_hash} | {r.secret_hash: r for r in rows},
            get_salts(now.date()),
            int(now.timestamp() // 86_400),
            opted_out(),
            field_keys.get_newest(),
            read_at=time.monotonic(),
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
            if attempt == 2 or (self._misses >= MISSES and time.monotonic() - snapshot.read_at < MISS_SECONDS):
                break
            self._misses += 1
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
                self._misses = 0
                secret_use.do_keep_due()
            except Exception:  # whatever it is, the thread lives on
                log.warning("Sites could not be read from the database; the last known ones stay in use.")


known = Known()
