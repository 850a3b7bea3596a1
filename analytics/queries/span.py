from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from analytics.queries.store import read_report


def get_first_event(site_id: int) -> datetime | None:
    first, events = read_report("span", site_id)[0]
    return first.replace(tzinfo=UTC) if events else None


def get_oldest_day(site_id: int, zone: ZoneInfo) -> date | None:
    """Where "all time" begins."""
    first = get_first_event(site_id)
    return first.astimezone(zone).date() if first else None
