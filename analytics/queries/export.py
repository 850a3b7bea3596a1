"""Exports: events, sessions and people of a period, in blocks of rows, so that memory does not grow with the period."""

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from accounts.csv_cells import SafeTexts, columns_to_csv, rows_to_csv
from accounts.field_keys import masked
from analytics.clickhouse import client
from analytics.queries.calendar import Period
from analytics.queries.conditions import Bound, folded
from analytics.queries.metrics import METRICS
from analytics.queries.people import Scope, events_of, params_of
from analytics.queries.store import fill, with_properties
from analytics.queries.traits import get_traits

TEXT, NUMBER, MOMENT, MONEY, FLOAT, FLAG, JSON, ID = "text", "number", "moment", "money", "float", "flag", "json", "id"
# Ids are 64-bit numbers, which JSON readers round: they go out as 16 hexadecimal digits.
_PLAIN = (
    "event_type", "event_version", "user_id", "user_segment", "hostname", "url", "path", "title", "page_referrer", "referrer",
    "source", "medium", "channel", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "entry_page",
    "country", "region", "city", "timezone", "device_type", "os", "os_version", "browser", "browser_version",
    "screen_resolution", "viewport_size", "language", "currency", "order_id", "error_type", "error_message",
)  # fmt: skip
EVENTS: dict[str, tuple[str, str]] = {
    "event_id": ("toString(event_id)", ID),
    "timestamp": ("timestamp", MOMENT),
    "received_at": ("received_at", MOMENT),
    "session_id": ("lower(hex(session_id))", ID),
    "event_index": ("event_index", NUMBER),
    "visitor_id": ("lower(hex(visitor_id))", ID),
    "person_id": ("lower(hex(person_id))", ID),
    "is_authenticated": ("is_authenticated", FLAG),
    "interactive": ("interactive", FLAG),
    **{name: (f"toString({name})", TEXT) for name in _PLAIN},
    "engaged_ms": ("engaged_ms", NUMBER),
    "scroll_depth": ("scroll_depth", NUMBER),
    "revenue": ("revenue", MONEY),
    **{name: (name, FLOAT) for name in ("lcp", "inp", "cls", "fcp", "ttfb", "weight")},
    "ab_test_variants": ("toJSONString(variants)", JSON),
    "event_properties": ("toJSONString(event_properties)", JSON),
}
_OF_SESSIONS = ("entry_page", "exit_page", "hostname", "referrer", "source", "medium", "channel", "utm_source", "utm_medium",
                "utm_campaign", "utm_term", "utm_content", "country", "region", "city",
                "device_type", "browser", "os", "language")  # fmt: skip
SESSIONS: dict[str, tuple[str, str]] = {
    "session_id": ("lower(hex(session_id))", ID),
    "start": ("start", MOMENT),
    "end": ("end", MOMENT),
    "visitor_id": ("lower(hex(visitor_id))", ID),
    "person_id": ("lower(hex(if(user_person != 0, user_person, visitor_id)))", ID),
    "pageviews": ("toInt64(pageviews)", NUMBER),
    "interactions": ("toInt64(interactions)", NUMBER),
    "errors": ("toInt64(errors)", NUMBER),
    **{name: (f"toString({name})", TEXT) for name in _OF_SESSIONS},
}
PEOPLE: dict[str, tuple[str, str]] = {
    "person_id": ("lower(hex(person))", ID),
    "user_id": ("max(user_id)", TEXT),
    "first_seen": ("min(timestamp)", MOMENT),
    "last_seen": ("max(timestamp)", MOMENT),
    "sessions": ("toInt64(uniqExact(session_id))", NUMBER),
    "pageviews": ("toInt64(countIf(event_type = 'page_view'))", NUMBER),
    "events": ("toInt64(count())", NUMBER),
    "revenue": (METRICS["revenue"].sql, MONEY),
    "country": ("toString(anyLast(country))", TEXT),
    "first_source": ("toString(argMin(source, timestamp))", TEXT),
    "traits": ("'{}'", JSON),  # put in afterwards
}
KINDS = {"events": EVENTS, "sessions": SESSIONS, "people": PEOPLE}
ROWS_IN_GROUP = 20_000  # of Parquet, whose writer remembers 50 kB of each group until the end
HASH = re.compile("[0-9a-f]{32}")
Block = list[tuple[Any, ...]]


def get_blocks(kind: str, scope: Scope, names: bool = False) -> Iterator[Block]:
    """Events and sessions a day at a time, in order of time. `names`: traits that name people are in full, not masked."""
    selected = ", ".join(f"{sql} AS c{i}" for i, (sql, _) in enumerate(KINDS[kind].values()))
    for part in [scope] if kind == "people" else days_of(scope):
        bound = Bound()
        if kind == "sessions":
            needed = {*_OF_SESSIONS, "visitor_id", "user_person", "pageviews", "interactions", "errors"}
            sql = fill("export_sessions", select=selected, folded=folded(needed))
        else:
            more = {"events": events_of(part, bound)} if kind == "people" else {}
            sql = fill(f"export_{kind}", select=selected, **more)
        blocks = client.stream(
            with_properties(sql), params_of(part, bound), f"site={scope.site_id} report=export.{kind}"
        )
        named = with_traits(scope.site_id, blocks, names) if kind == "people" else blocks
        yield from named if names or kind == "sessions" else without_ids(kind, named)


def with_traits(site_id: int, blocks: Iterator[Block], names: bool) -> Iterator[Block]:
    """Traits are the last column, the person the first."""
    for block in blocks:
        found = get_traits(site_id, [int(row[0], 16) for row in block], names)
        yield [(*row[:-1], msgspec.json.encode(found.get(int(row[0], 16), {})).decode()) for row in block]


def without_ids(kind: str, blocks: Iterator[Block]) -> Iterator[Block]:
    """User ids of a site that does not hash them are masked; a hash names nobody."""
    at = list(KINDS[kind]).index("user_id")
    for block in blocks:
        yield [(*row[:at], masked(row[at]) if is_plain_id(row[at]) else row[at], *row[at + 1 :]) for row in block]


def is_plain_id(text: str) -> bool:
    return bool(text) and not HASH.fullmatch(text)


def days_of(scope: Scope) -> Iterator[Scope]:
    day = scope.period.first
    while day <= scope.period.last:
        yield replace(scope, period=Period(day, day, scope.period.zone))
        day += timedelta(days=1)


def write(kind: str, form: str, blocks: Iterator[Block]) -> Iterator[bytes]:
    return WRITERS[form](KINDS[kind], blocks)


Columns = dict[str, tuple[str, str]]


def cell(value: Any) -> Any:
    return told_at(value) if isinstance(value, datetime) else value


def told_at(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


# By column, since a call for each value is most of the work.
TOLD: dict[str, Callable[[Any], Any]] = {MOMENT: told_at}
TOLD_IN_JSON = {**TOLD, MONEY: float, JSON: lambda text: msgspec.Raw(text.encode())}


def told(
    kinds: Iterable[str], parts: Iterable[Sequence[Any]], how: dict[str, Callable[[Any], Any]]
) -> list[Iterable[Any]]:
    return [map(how[kind], values) if kind in how else values for kind, values in zip(kinds, parts, strict=True)]


def to_csv(columns: Columns, blocks: Iterator[Block]) -> Iterator[bytes]:
    kinds, seen = [kind for _, kind in columns.values()], SafeTexts()
    yield rows_to_csv([list(columns)]).encode()
    for block in blocks:
        parts = list(zip(*block, strict=True))
        yield columns_to_csv(told(kinds, parts, TOLD), [kind in (TEXT, JSON) for kind in kinds], seen).encode()


def to_ndjson(columns: Columns, blocks: Iterator[Block]) -> Iterator[bytes]:
    names, kinds = list(columns), [kind for _, kind in columns.values()]
    for block in blocks:
        rows = zip(*told(kinds, zip(*block, strict=True), TOLD_IN_JSON), strict=True)
        yield b"".join(msgspec.json.encode(dict(zip(names, row, strict=True))) + b"\n" for row in rows)


def to_parquet(columns: Columns, blocks: Iterator[Block]) -> Iterator[bytes]:
    import pyarrow as pa  # as heavy as half of Django; only those who write or read Parquet pay for it
    import pyarrow.parquet as pq

    types = {
        TEXT: pa.string(), JSON: pa.string(), ID: pa.string(), NUMBER: pa.int64(), MOMENT: pa.timestamp("ms", "UTC"),
        MONEY: pa.decimal128(18, 4), FLOAT: pa.float64(), FLAG: pa.bool_(),
    }  # fmt: skip
    schema = pa.schema([(name, types[kind]) for name, (_, kind) in columns.items()])
    sink, held = Sink(), []
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for block in blocks:
            arrays = [
                pa.array(values, kind) for values, kind in zip(zip(*block, strict=True), schema.types, strict=True)
            ]
            held.append(pa.Table.from_arrays(arrays, schema=schema))
            if sum(table.num_rows for table in held) >= ROWS_IN_GROUP:
                writer.write_table(pa.concat_tables(held).combine_chunks())
                held.clear()
            yield sink.take()
        if held:
            writer.write_table(pa.concat_tables(held).combine_chunks())
    yield sink.take()


class Sink(io.RawIOBase):
    """What the writer has written since it was last asked; it need not seek."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.parts.append(bytes(data))
        self.size += len(self.parts[-1])
        return len(self.parts[-1])

    def tell(self) -> int:
        return self.size

    def take(self) -> bytes:
        told, self.parts = b"".join(self.parts), []
        return told


WRITERS: dict[str, Callable[[Columns, Iterator[Block]], Iterator[bytes]]] = {
    "csv": to_csv, "ndjson": to_ndjson, "parquet": to_parquet,
}  # fmt: skip
