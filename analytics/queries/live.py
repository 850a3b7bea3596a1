"""What is going on now, by arrival."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from analytics.queries.store import read_report

MINUTES = 30


@dataclass(frozen=True, slots=True)
class Now:
    people: int  # last 5 minutes
    people_half_hour: int
    pageviews: int  # last 30 minutes
    by_minute: list[int]  # page views, oldest first


@dataclass(frozen=True, slots=True)
class Happening:
    at: datetime
    kind: str
    path: str
    title: str
    source: str
    country: str
    city: str
    device_type: str
    browser: str
    revenue: Decimal
    currency: str
    key: str  # tells it from the others


def get_now(site_id: int) -> Now:
    people, half_hour, views, minutes = read_report("live_now", site_id)[0]
    counts = dict(minutes or {})
    return Now(people, half_hour, views, [int(counts.get(ago, 0)) for ago in range(MINUTES - 1, -1, -1)])


def get_lists(site_id: int, most: int = 8) -> dict[str, list[tuple[str, int]]]:
    """Page, source and country of the people who are here now, the most frequent first."""
    counters: dict[str, Counter[str]] = {"path": Counter(), "source": Counter(), "country": Counter()}
    for path, source, country, people in read_report("live_list", site_id):
        for name, value in (("path", path), ("source", source), ("country", country)):
            if value:
                counters[name][value] += people
    return {name: counter.most_common(most) for name, counter in counters.items()}


def get_feed(site_id: int) -> list[Happening]:
    return [Happening(row[0].replace(tzinfo=UTC), *row[1:]) for row in read_report("live_feed", site_id)]


def get_last_day(site_id: int) -> tuple[int, list[int]]:
    """Visitors of the last 24 hours: all, and by hour, oldest first."""
    hours = dict(read_report("sparkline", site_id))
    return int(read_report("day_visitors", site_id)[0][0]), [int(hours.get(ago, 0)) for ago in range(23, -1, -1)]


def get_people(site_id: int, hours: int) -> int:
    """Visitors of the last so many hours."""
    return int(read_report("recent_visitors", site_id, hours=hours)[0][0])


def get_places(site_id: int) -> list[tuple[str, int]]:
    """The pages on which the people of the last half hour are, the fullest first."""
    return [(path, people) for path, people in read_report("half_hour_pages", site_id)]
