"""Reports in SQL files: one file per report, values only as parameters, every one for one site."""

import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from string import Template
from typing import Any, TypeVar

from analytics.clickhouse import client
from analytics.queries import costs
from analytics.queries.cache import Rows, results
from analytics.queries.days import Days
from analytics.queries.dimensions import BadQuery

BAD_PATTERN = ("CANNOT_COMPILE_REGEXP", "Code: 427", "not a valid re2 pattern", "in replacement argument is invalid")
FOLDER = Path(__file__).parent / "sql"
PROPERTIES = "/*properties*/"  # in a select right from events, after e.*
StoreError = client.StoreError
counted = client.counted
Result = TypeVar("Result")
Cost = client.Cost
_pool = ThreadPoolExecutor(2, thread_name_prefix="soon")  # beside the thread that asks; they keep their connections


@cache
def report(name: str) -> Template:
    lines = (FOLDER / f"{name}.sql").read_text().splitlines()
    return Template("\n".join(line for line in lines if not line.startswith("--")))


def fill(name: str, **slots: str) -> str:
    return report(name).substitute(slots)


def moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:23]


def second(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def with_properties(sql: str) -> str:
    """The properties that a statement names as `props.NAME`, each read where the table is: ClickHouse reads one path of a
    JSON column only in the very select that names the table, and the whole column (ten times the work) in one around it."""
    columns = ""
    for name in sorted(set(re.findall(r"`props\.([\w.-]+)`", sql))):
        path = ".".join(f"`{part}`" for part in name.split("."))
        columns += f", ifNull(toString(e.event_properties.{path}), '') AS `props.{name}`"
    return sql.replace(PROPERTIES, columns)


def read(sql: str, params: Mapping[str, Any], tag: str) -> list[tuple[Any, ...]]:
    """Rows. A regular expression that does not compile is the asker's mistake, not the store's."""
    began = time.perf_counter()
    try:
        with counted() as cost:
            rows = client.read(with_properties(sql), params, f"site={params['site']} report={tag}")
        costs.count(params["site"], tag, time.perf_counter() - began, cost.rows, cost.bytes)
        return rows
    except client.StoreError as error:
        costs.count(params["site"], tag, time.perf_counter() - began, 0, 0, failed=True)
        if any(sign in str(error) for sign in BAD_PATTERN):
            raise BadQuery("filters", "the regular expression cannot be read (RE2 syntax)") from None
        raise


def cached(sql: str, params: Mapping[str, Any], tag: str) -> list[tuple[Any, ...]]:
    """`read`, from memory where nothing has arrived since that could change it. For statements that do not ask the clock."""
    return kept(sql, params, tag, "", lambda rows: rows)


def soon(sql: str, params: Mapping[str, Any], tag: str) -> Callable[[], Rows]:
    """`cached`, begun now, so that statements which do not need each other run at the same time: much of a short one is
    work of a single core. The answer, or its error, comes with the call; what nobody has begun by then is done by who asks,
    so that no one waits for the slow questions of others."""
    begun = _pool.submit(copy_context().run, cached, sql, params, tag)
    return lambda: cached(sql, params, tag) if begun.cancel() else begun.result()


def kept(sql: str, params: Mapping[str, Any], tag: str, name: str, work: Callable[[Rows], Rows]) -> Rows:
    stamp = days_of(params["site"]).stamp(date.fromisoformat(params["end"][:10]))
    key = (sql, repr(sorted(params.items())), name, stamp)
    rows = results.get(key)
    if rows is None:
        rows = work(read(sql, params, tag))
        results.put(key, rows)
    return rows


def remembered(sql: str, params: Mapping[str, Any], tag: str, name: str, work: Callable[[Rows], Result]) -> Result:
    """What `work`, whose name tells it from others, makes of the rows; that is kept in memory as `cached` keeps rows."""
    found: Result = kept(sql, params, tag, name, lambda rows: [(work(rows),)])[0][0]
    return found


def get_state(site_id: int, start: datetime, end: datetime) -> tuple[int, int, datetime | None]:
    """How many are identified, how many events stand for more, when the newest event arrived."""
    return days_of(site_id).state(start.astimezone(UTC).date(), end.astimezone(UTC).date())


def days_of(site_id: int) -> Days:
    return results.days(site_id, lambda: Days(read_report("days", site_id)))


def read_report(name: str, site_id: int, **params: Any) -> list[tuple[Any, ...]]:
    return read(report(name).template, {"site": site_id, **params}, name)
