"""The tables of ClickHouse: raw events, and what is made from them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from analytics.clickhouse import client
from analytics.clickhouse.columns import COLUMNS
from analytics.clickhouse.views import select_of_view
from analytics.privacy.reach import BUCKET, Reach
from analytics.privacy.removal import delete

IDS = ("session_id", "visitor_id", "person_id", "device_id")
UNTOLD = ("site_id", "event_id_gap", "event_id_mid", "event_id_low", "properties")
BY_SESSION = "site_id = {site:UInt32} AND session_id IN ($touched)"
BY_BUCKET = "site_id = {site:UInt32} AND toUInt64(toUnixTimestamp(bucket)) IN ($bucket)"
# What is made from events by a view -> its rows that the person touched, and the raw rows that make those anew.
VIEWS: dict[str, tuple[str, str]] = {
    "events_recent": (BY_SESSION, BY_SESSION),
    "rare_events": (BY_SESSION, BY_SESSION),
    "sessions": (BY_SESSION, BY_SESSION),
    "visits": (BY_SESSION, BY_SESSION),
    "traffic_15m": (
        BY_BUCKET,
        f"site_id = {{site:UInt32}} AND toUInt64({BUCKET}) IN ($bucket)"
        " AND timestamp >= toDateTime64((SELECT min(id) FROM ($bucket)), 3, 'UTC')"
        " AND timestamp < toDateTime64((SELECT max(id) + 900 FROM ($bucket)), 3, 'UTC')",
    ),
}
# What a row says of the events in it, to compare it to them. Of `sessions` and the others only those who touch the person.
CHECKS = {
    "events_recent": "count(), 0, 0, 0",
    "rare_events": "count(), 0, 0, 0",
    "sessions": "sum(events), sum(pageviews), sum(errors), uniqExact(session_id)",
    "visits": "sum(events), sum(pageviews), sum(errors), uniqExact(session_id, person_id)",
    "traffic_15m": "sum(events), sum(pageviews), sum(identified), uniqExactMerge(visitors), sumMap(types), sumMap(tests)",
}


def find_events(reach: Reach) -> int:
    return reach.count("events", "$events")


def erase_events(reach: Reach) -> None:
    delete(reach, "events", "$events")


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC).isoformat()
    return str(value) if isinstance(value, Decimal) else value


def export_events(reach: Reach) -> Iterator[dict[str, Any]]:
    """All that is stored of each event, without what is empty."""
    names = [name for name in COLUMNS if name not in UNTOLD]
    selected = [f"lower(hex({name}))" if name in IDS else name for name in names]
    sql = reach.fill(
        f"SELECT toString(event_id), {', '.join(selected)}, toJSONString(event_properties) FROM events WHERE $events"
        " ORDER BY timestamp, event_index"
    )
    for block in client.stream(sql, reach.params, f"site={reach.site_id} report=privacy"):
        for row in block:
            told = dict(zip(["event_id", *names, "event_properties"], row, strict=True))
            yield {name: plain(value) for name, value in told.items() if value not in ("", None, {}, "{}", b"")}


def export_sessions(reach: Reach) -> Iterator[dict[str, Any]]:
    rows = reach.read(
        "SELECT lower(hex(session_id)), min(start) AS first, max(end), sum(pageviews), sum(events), max(country), max(city),"
        " max(device_type), max(browser), max(os), max(source), max(referrer)"
        f" FROM sessions WHERE {BY_SESSION} GROUP BY session_id ORDER BY first"
    )
    names = ("session_id", "start", "end", "pageviews", "events", "country", "city", "device_type", "browser", "os",
             "source", "referrer")  # fmt: skip
    for row in rows:
        yield {name: plain(value) for name, value in zip(names, row, strict=True)}


def is_true(reach: Reach, table: str) -> bool:
    """Whether the rows that the person touched say what the raw events say."""
    mine, raw = VIEWS[table]
    made = select_of_view(table, reach.fill(raw))
    return bool(
        reach.read(f"SELECT {CHECKS[table]} FROM {table} WHERE {mine}")
        == reach.read(f"SELECT {CHECKS[table]} FROM ({made})")
    )


def find_view(table: str, reach: Reach) -> int:
    """How many rows of it are not what the raw events say: all that is left of somebody who is not among them."""
    if table == "traffic_15m":
        return 0 if is_true(reach, table) else reach.count(table, VIEWS[table][0])
    gone = (
        "session_id NOT IN (SELECT session_id FROM events WHERE site_id = {site:UInt32} AND session_id IN ($touched))"
    )
    left = reach.count(table, f"{BY_SESSION} AND {gone}")
    return left if left or is_true(reach, table) else reach.count(table, VIEWS[table][0])


def erase_view(table: str, reach: Reach) -> None:
    """Delete what the person touched, and make it anew from the events that are left: others' figures stay as they are."""
    mine, raw = VIEWS[table]
    delete(reach, table, mine)
    made = select_of_view(table, reach.fill(raw))
    columns = [row[0] for row in reach.read(f"DESCRIBE TABLE ({made})")]
    client.command(
        f"INSERT INTO {table} ({', '.join(columns)}) SETTINGS insert_deduplicate = 0 SELECT * FROM ({made})",
        reach.params,
    )


def cohort_condition(reach: Reach) -> str:
    return f"site_id = {{site:UInt32}} AND person IN ({reach.ids('person', 'visitor', 'device')})"


def find_cohorts(reach: Reach) -> int:
    return reach.count("cohort_people", cohort_condition(reach))


def erase_cohorts(reach: Reach) -> None:
    delete(reach, "cohort_people", cohort_condition(reach))
    put_sizes(reach)


def put_sizes(reach: Reach) -> None:
    from analytics.saved.models import Segment

    sizes = {
        (cohort, version): people
        for cohort, version, people in reach.read(
            "SELECT cohort_id, version, uniqExact(person) FROM cohort_people WHERE site_id = {site:UInt32} GROUP BY 1, 2"
        )
    }
    for segment in Segment.objects.filter(site_id=reach.site_id, version__gt=0):
        size = sizes.get((segment.pk, segment.version), 0)
        if segment.people != size:
            Segment.objects.filter(pk=segment.pk).update(people=size)


def export_cohorts(reach: Reach) -> Iterator[dict[str, Any]]:
    from analytics.saved.models import Segment

    names = dict(Segment.objects.filter(site_id=reach.site_id).values_list("pk", "name"))
    rows = reach.read(f"SELECT DISTINCT cohort_id FROM cohort_people WHERE {cohort_condition(reach)}")
    yield from ({"cohort": names.get(number, f"a former one ({number})")} for (number,) in rows)
