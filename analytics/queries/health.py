"""The state of a site's data: what became of what arrived, how complete and how fresh it is (semantics.md, Data quality)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from analytics.queries.store import read_report, second

OUTCOMES = ("stored", "duplicate", "sampled_out", "dropped", "rejected", "bot")
REPLAYED = "replayed"  # the reason under which an event is counted a second time, when it is taken in after all


@dataclass(frozen=True, slots=True)
class Reason:
    outcome: str
    reason: str
    events: int
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Example:
    kind: str  # "rejected" or "bot"
    reason: str
    field: str
    events: int  # that wait
    last_seen: datetime
    payload: str


@dataclass(frozen=True, slots=True)
class Freshness:
    events: int
    in_time: int  # visible within 60 s
    p50: float  # seconds
    p95: float
    last_received: datetime | None


@dataclass(frozen=True, slots=True)
class Quality:
    """Shares of 0 to 1 over the last 24 hours; None where nothing was there to be judged. `score` is their product."""

    received: int
    rejected: int
    valid: float | None
    completeness: float | None
    missing: int
    freshness: float | None
    delay_p50: float | None
    delay_p95: float | None

    @property
    def score(self) -> float | None:
        found = [share for share in (self.valid, self.completeness, self.freshness) if share is not None]
        if not found:
            return None
        product = 1.0
        for share in found:
            product *= share
        return product


@dataclass(frozen=True, slots=True)
class Minute:
    at: datetime
    events: dict[str, int]  # by outcome


def aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def get_minutes(site_id: int, now: datetime) -> list[Minute]:
    """The last 60 minutes, also those without an event."""
    first = now.astimezone(UTC).replace(second=0, microsecond=0) - timedelta(minutes=59)
    minutes = [Minute(first + timedelta(minutes=i), {}) for i in range(60)]
    by_start = {minute.at: minute for minute in minutes}
    for at, outcome, number in read_report("health_minutes", site_id):
        if aware(at) in by_start:
            by_start[aware(at)].events[outcome] = number
    return minutes


def get_reasons(site_id: int, since: datetime) -> list[Reason]:
    rows = read_report("health_reasons", site_id, since=second(since))
    return [Reason(outcome, reason, number, aware(at)) for outcome, reason, number, at in rows]


def get_examples(site_id: int) -> list[Example]:
    rows = read_report("health_examples", site_id)
    return [Example(kind, reason, name, n, aware(at), text) for kind, reason, name, n, at, text in rows]


def get_trackers(site_id: int) -> list[tuple[str, int, datetime]]:
    return [(name, number, aware(at)) for name, number, at in read_report("health_trackers", site_id)]


def get_freshness(site_id: int) -> Freshness:
    events, in_time, p50, p95, last = read_report("health_freshness", site_id)[0]
    return Freshness(events, in_time, p50, p95, aware(last) if events else None)


def get_quality(site_id: int, now: datetime) -> Quality:
    """Of the last 24 hours. An event that is replayed had been counted as rejected, and is no longer."""
    reasons = get_reasons(site_id, now - timedelta(hours=24))
    received = sum(item.events for item in reasons if item.reason != REPLAYED)
    mended = sum(item.events for item in reasons if item.reason == REPLAYED)
    rejected = max(0, sum(item.events for item in reasons if item.outcome == "rejected") - mended)
    observed, expected = read_report("health_completeness", site_id)[0]
    fresh = get_freshness(site_id)
    return Quality(
        received=received,
        rejected=rejected,
        valid=1 - rejected / received if received else None,
        completeness=observed / expected if expected else None,
        missing=int(expected - observed) if expected else 0,
        freshness=fresh.in_time / fresh.events if fresh.events else None,
        delay_p50=fresh.p50 if fresh.events else None,
        delay_p95=fresh.p95 if fresh.events else None,
    )
