"""Reading the consent log: counts by day, entries, one by its consent id. It is written by ingestion/writer.py."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accounts.access import domain_of
from accounts.csv_cells import rows_to_csv
from accounts.models import Consent, Site
from analytics.clickhouse import client
from analytics.privacy.models import ConsentText, SettingsVersion
from ingestion.steps.consent import ANSWERS as ANSWERS
from ingestion.steps.consent import RECEIPT, receipt_hash

COLUMNS = "site_id, at, receipt, answer, mode, version, text, language, categories"
HEAD = ("at", "answer", "consent_mode", "settings_version", "text_version", "language", "categories", "receipt_hash")
MOST = 1000


@dataclass(frozen=True)
class Entry:
    site_id: int
    at: datetime
    receipt: str  # the keyed hash of the consent id
    answer: str
    mode: str
    version: int  # of the settings; 0: not told
    text: int  # version of the consent text; 0: there was none
    language: str
    categories: list[str]

    @property
    def mode_label(self) -> str:
        return str(Consent(self.mode).label).partition(":")[0] if self.mode in Consent.values else self.mode


@dataclass(frozen=True)
class Day:
    day: date
    granted: int = 0
    denied: int = 0
    withdrawn: int = 0

    @property
    def total(self) -> int:
        return self.granted + self.denied + self.withdrawn


def entry_of(row: tuple[Any, ...]) -> Entry:
    site_id, at, *rest = row
    return Entry(site_id, at.replace(tzinfo=UTC), *rest)


def tag(site_id: int) -> str:
    return f"site={site_id} report=consents"


def counts(site: Site, days: int) -> list[Day]:
    """Every day of the last `days`, in the site's time zone, oldest first."""
    rows = client.read(
        "SELECT toDate(at, {zone:String}) AS day, countIf(answer = 'granted'), countIf(answer = 'denied'),"
        " countIf(answer = 'withdrawn') FROM consents WHERE site_id = {site:UInt32}"
        " AND day > toDate(now(), {zone:String}) - {days:UInt32} GROUP BY day",
        {"site": site.pk, "zone": site.timezone, "days": days}, tag(site.pk),
    )  # fmt: skip
    known = {row[0]: Day(*row) for row in rows}
    today = datetime.now(ZoneInfo(site.timezone)).date()
    return [known.get(day, Day(day)) for day in (today - timedelta(days=n) for n in range(days - 1, -1, -1))]


def entries(site_id: int, before: datetime | None = None, limit: int = 50) -> list[Entry]:
    """Newest first. `before`: older than this. A few more than `limit` where the last moment is that of several."""
    rows = client.read(
        f"SELECT {COLUMNS} FROM consents WHERE site_id = {{site:UInt32}}"
        " AND at < fromUnixTimestamp64Milli({before:Int64}) ORDER BY at DESC LIMIT {limit:UInt32} WITH TIES",
        {"site": site_id, "before": millis(before) if before else 2**42, "limit": min(limit, MOST)}, tag(site_id),
    )  # fmt: skip
    return [entry_of(row) for row in rows]


def millis(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def find(consent_id: str, site_id: int = 0) -> list[Entry]:
    """All that was answered under a consent id, oldest first. `site_id` 0: on whatever site; the id is random."""
    consent_id = consent_id.strip()
    if not RECEIPT.fullmatch(consent_id):
        return []
    rows = client.read(
        f"SELECT {COLUMNS} FROM consents WHERE receipt = {{receipt:String}}"
        " AND ({site:UInt32} = 0 OR site_id = {site:UInt32}) ORDER BY at LIMIT 100",
        {"receipt": receipt_hash(consent_id), "site": site_id}, tag(site_id),
    )  # fmt: skip
    return [entry_of(row) for row in rows]


def as_csv(site_id: int) -> Iterator[str]:
    yield rows_to_csv([HEAD])
    sql = f"SELECT {COLUMNS} FROM consents WHERE site_id = {{site:UInt32}} ORDER BY at"
    for block in client.stream(sql, {"site": site_id}, tag(site_id)):
        found = map(entry_of, block)
        yield rows_to_csv([
            (e.at.isoformat(timespec="milliseconds"), e.answer, e.mode, e.version or "", e.text or "", e.language,
             " ".join(e.categories), e.receipt) for e in found
        ])  # fmt: skip


@dataclass(frozen=True)
class Proof:
    """An entry with what it was about, as far as the history knows it."""

    entry: Entry
    settings: SettingsVersion | None
    consent_text: ConsentText | None
    domain: str = ""

    @property
    def wording(self) -> str:
        """The text in the language in which it was shown; in another where that is not known."""
        texts = self.consent_text.texts if self.consent_text else {}
        tag = self.entry.language
        return str(texts.get(tag) or texts.get(tag.partition("-")[0]) or next(iter(texts.values()), ""))


def prove(entry: Entry) -> Proof:
    """A browser that did not tell its versions is taken to have had those of the time. A deleted site takes its log along."""
    settings = SettingsVersion.objects.filter(site_id=entry.site_id)
    texts = ConsentText.objects.filter(site_id=entry.site_id)
    at_the_time = {"created_at__lte": entry.at}
    return Proof(
        entry,
        settings.filter(**({"number": entry.version} if entry.version else at_the_time)).first(),
        texts.filter(**({"number": entry.text} if entry.text else at_the_time)).first(),
        domain_of(entry.site_id),
    )
