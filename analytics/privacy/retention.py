"""How long a site keeps what, what would go, how much room it takes, and when the disk is full.

Events, visits and the figures made from them go together: a figure whose events are gone could not be made anew without a
person who is erased. The tables' own limits (TTL, RETENTION_DAYS) hold for every site; a site may keep less.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts.audit import Action, do_record
from accounts.models import Site
from analytics.clickhouse import client
from analytics.privacy.models import Retention
from analytics.privacy.removal import wait_for_mutations

log = logging.getLogger(__name__)
TAG = "report=retention"
RATE_DAYS = 7  # what came in these tells how fast the disk fills up


@dataclass(frozen=True)
class Keeping:
    """A kind of data: its tables, each with the column of its time. `most`: days that the tables themselves keep it."""

    label: str
    about: str
    tables: dict[str, str]
    most: int = 0  # 0: RETENTION_DAYS

    @property
    def limit(self) -> int:
        return self.most or int(settings.RETENTION_DAYS)


KINDS: dict[str, Keeping] = {
    "events": Keeping(
        "Events, visits and figures", "Every event, and the visits and counts that are made from them; what identify() told.",
        {"events": "timestamp", "rare_events": "timestamp", "sessions": "session_start", "visits": "bucket",
         "traffic_15m": "bucket", "person_traits": "at"},
    ),
    "recent": Keeping("Live", "A second copy of the latest events, for the Live page.", {"events_recent": "received_at"}, 7),
    "rejected": Keeping("Rejected events", "As they came, to be tried again.", {"rejected_events": "received_at"}, 30),
    "bots": Keeping("Bots", "As they came, to be taken in after all.", {"bot_events": "received_at"}, 30),
    "counts": Keeping("Counts of outcomes", "How many events were stored or not.", {"ingest_outcomes": "minute"}, 400),
    "consents": Keeping("Consent log", "What was agreed to, and when: your proof.", {"consents": "at"}, 1095),
}  # fmt: skip


@dataclass(frozen=True)
class Use:
    """Of one kind on one site, or of all sites: rows and bytes, and those of them that would go."""

    rows: int
    bytes: int
    going_rows: int
    going_bytes: int

    @property
    def rows_text(self) -> str:
        return f"{self.rows:,}"

    @property
    def going_text(self) -> str:
        return f"{self.going_rows:,}"


@dataclass(frozen=True)
class Disk:
    total: int
    free: int
    a_day: int

    @property
    def days_left(self) -> int | None:
        """None: not in a hundred years."""
        days = self.free // self.a_day if self.a_day else 10**9
        return int(days) if days < 36_500 else None


def get_days(site_id: int) -> dict[str, int]:
    """Days by kind; what the site does not say, the tables do."""
    own = Retention.objects.filter(site_id=site_id).values_list("days", flat=True).first() or {}
    return {kind: min(int(own.get(kind) or keeping.limit), keeping.limit) for kind, keeping in KINDS.items()}


def boundary(days: int, now: datetime | None = None) -> datetime:
    """What is older goes: whole days of UTC, so that a quarter of an hour goes whole or not at all."""
    today = (now or datetime.now(UTC)).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days)


def older(column: str) -> str:
    return f"site_id = {{site:UInt32}} AND {column} < toDateTime({{before:String}}, 'UTC')"


def params_of(site_id: int, days: int) -> dict[str, Any]:
    return {"site": site_id, "before": f"{boundary(days):%Y-%m-%d %H:%M:%S}"}


def sizes() -> dict[str, tuple[int, int]]:
    """Table -> (rows, bytes on disk), of all sites."""
    rows = client.command(
        "SELECT table, sum(rows), sum(bytes_on_disk) FROM system.parts WHERE database = currentDatabase() AND active"
        " GROUP BY table",
        {}
    )  # fmt: skip
    return {table: (int(count), int(size)) for table, count, size in rows}


def get_use(site_id: int, kind: str, days: int) -> Use:
    """Bytes are the table's, shared out by rows."""
    rows = size = going = going_size = 0
    known = sizes()
    for table, column in KINDS[kind].tables.items():
        total, disk = known.get(table, (0, 0))
        mine, old = client.read(
            f"SELECT count(), countIf({older(column)}) FROM {table} WHERE site_id = {{site:UInt32}}",
            params_of(site_id, days),
            TAG,
        )[0]
        row_bytes = disk / total if total else 0.0
        rows, going = rows + mine, going + old
        size, going_size = size + int(mine * row_bytes), going_size + int(old * row_bytes)
    return Use(rows, size, going, going_size)


def get_disk() -> Disk:
    """The fullest of ClickHouse's disks, and what all sites add to it a day."""
    free, total = client.command("SELECT min(free_space), argMin(total_space, free_space) FROM system.disks", {})[0]
    known, grown = sizes(), 0.0
    for keeping in KINDS.values():
        for table, column in keeping.tables.items():
            time = "received_at" if table == "events" else column
            count, size = known.get(table, (0, 0))
            if count:
                sql = f"SELECT count() FROM {table} WHERE {time} >= now() - INTERVAL {RATE_DAYS} DAY"
                grown += size / count * client.read(sql, {}, TAG)[0][0]
    return Disk(int(total), int(free), int(grown / RATE_DAYS))


def folder_bytes(name: str) -> int:
    return sum(path.stat().st_size for path in (Path(settings.DATA_DIR) / name).rglob("*") if path.is_file())


def do_set(site_id: int, days: dict[str, int]) -> None:
    kept = {kind: min(days[kind], keeping.limit) for kind, keeping in KINDS.items() if kind in days}
    Retention.objects.update_or_create(site_id=site_id, defaults={"days": kept})


def do_enforce(site: Site) -> dict[str, int]:
    """Delete what is too old on a site; how many rows of each table. The audit log tells of it, also where it breaks off."""
    removed: dict[str, int] = {}
    try:
        enforce(site.pk, removed)
    finally:
        if removed:
            do_record("retention", Action.RETENTION_ENFORCED, None, site, target="retention", after=removed)
    return removed


def enforce(site_id: int, removed: dict[str, int]) -> None:
    for kind, days in get_days(site_id).items():
        if days >= KINDS[kind].limit:
            continue  # the tables do it themselves
        for table, column in KINDS[kind].tables.items():
            params = params_of(site_id, days)
            count = client.read(f"SELECT count() FROM {table} WHERE {older(column)}", params, TAG)[0][0]
            if count:
                client.command(f"ALTER TABLE {table} DELETE WHERE {older(column)}", params)
                wait_for_mutations(table, lambda: None)
                removed[table] = count


def do_enforce_all() -> None:
    """One site that fails does not hold up the others; it is done the next night."""
    for kept in Retention.objects.select_related("site"):
        try:
            removed = do_enforce(kept.site)
            log.info("Retention: %s rows of site %s went.", sum(removed.values()), kept.site_id)
        except Exception:
            log.exception("Retention of site %s could not be enforced", kept.site_id)
