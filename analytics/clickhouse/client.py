"""The two doors to ClickHouse: `read` (read-only, limited, tagged) and `insert` (deduplicated by token)."""

import logging
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from clickhouse_driver import Client
from clickhouse_driver.errors import Error, ServerException, TypeMismatchError
from django.conf import settings

ERRORS = (Error, OSError, EOFError)  # what the driver raises when the server refuses or is away
log = logging.getLogger(__name__)
_local = threading.local()

READ_SETTINGS: dict[str, Any] = {
    "readonly": 2,
    "max_execution_time": 30,
    "max_memory_usage": 2 * 1024**3,
    "max_result_rows": 1_000_000,
    "max_threads": 2,
    "use_query_condition_cache": 1,
}


class StoreError(Exception):
    """ClickHouse refused, or cannot be reached. The text is fit to be shown."""


class BadData(StoreError):
    """ClickHouse cannot store these rows, now or later."""


# CANNOT_PARSE_*, INCORRECT_DATA, TOO_DEEP_*, ARGUMENT_OUT_OF_BOUND, DECIMAL_OVERFLOW, TYPE_MISMATCH
BAD_DATA_CODES = {6, 25, 26, 27, 32, 33, 38, 41, 53, 69, 70, 72, 117, 131, 167, 306, 349, 407, 636}


@dataclass
class Cost:
    """What a piece of work asked of ClickHouse."""

    queries: int = 0
    rows: int = 0
    bytes: int = 0
    seconds: float = 0.0


_spent: ContextVar[Cost | None] = ContextVar("spent", default=None)


@contextmanager
def counted() -> Iterator[Cost]:
    """The cost of what is read within."""
    cost = Cost()
    token = _spent.set(cost)
    try:
        yield cost
    finally:
        _spent.reset(token)


def get_url() -> str:
    """The server's URL: configured, or written to the data folder by the supervisor."""
    if settings.CLICKHOUSE_URL:
        return str(settings.CLICKHOUSE_URL)
    path = settings.DATA_DIR / "clickhouse" / "url"
    try:
        return str(path.read_text())
    except FileNotFoundError:
        raise StoreError("ClickHouse is not running: start Footfall with `make up`, or set CLICKHOUSE_URL.") from None


def connect(database: str | None = None, timeout: int = 5) -> Client:
    url = urlsplit(get_url())
    options = dict(parse_qsl(url.query))
    secure = url.scheme == "clickhouses" or options.get("secure") in ("1", "true")
    return Client(
        host=url.hostname or "localhost",
        port=url.port or (9440 if secure else 9000),
        user=unquote(url.username or "default"),
        password=unquote(url.password or ""),
        database=settings.CLICKHOUSE_DATABASE if database is None else database,
        secure=secure,
        verify=options.get("verify", "1") not in ("0", "false"),
        connect_timeout=timeout,
        send_receive_timeout=120,
        compression="lz4" if url.hostname not in ("127.0.0.1", "localhost") else False,
        settings={"server_side_params": True},
    )


def _client() -> Client:
    """One connection a thread; a new one when the server has moved (embedded, restarted)."""
    url = get_url()
    if getattr(_local, "url", None) != url:
        _local.client, _local.url = connect(), url
    client: Client = _local.client
    return client


def _run(*args: Any, **options: Any) -> Any:
    try:
        return _client().execute(*args, **options)
    except ServerException as error:
        kind = BadData if error.code in BAD_DATA_CODES else StoreError
        raise kind(str(error).split("Stack trace")[0].strip()) from error
    except (struct.error, TypeMismatchError, UnicodeError, OverflowError, ValueError) as error:
        _local.url = None
        raise BadData(f"The rows do not fit the columns: {error}") from error
    except ERRORS as error:
        _local.url = None
        raise StoreError(f"ClickHouse cannot be reached: {type(error).__name__}.") from error


def read(sql: str, params: Mapping[str, Any], tag: str, **limits: Any) -> list[tuple[Any, ...]]:
    """Rows of a SELECT. `tag` names site and report, as in "site=7 report=executive.pages"."""
    rows: list[tuple[Any, ...]] = _run(sql, dict(params), settings={**READ_SETTINGS, **limits, "log_comment": tag})
    cost = _spent.get()
    if cost is not None:
        last = _client().last_query
        cost.queries += 1
        cost.rows += last.progress.rows
        cost.bytes += last.progress.bytes
        cost.seconds += last.elapsed or 0
    return rows


def stream(sql: str, params: Mapping[str, Any], tag: str, rows: int = 5000) -> Iterator[list[tuple[Any, ...]]]:
    """Rows of a SELECT in blocks, over a connection of its own: memory does not grow with the answer."""
    limits = {
        "max_execution_time": 3600,
        "max_result_rows": 0,
        "max_block_size": rows,
        "max_bytes_before_external_sort": 2**28,
    }
    client = None
    try:
        client = connect()
        settings = {**READ_SETTINGS, **limits, "log_comment": tag}
        block: list[tuple[Any, ...]] = []
        for row in client.execute_iter(sql, dict(params), settings=settings):
            block.append(row)
            if len(block) == rows:
                yield block
                block = []
        if block:
            yield block
    except ServerException as error:
        raise StoreError(str(error).split("Stack trace")[0].strip()) from error
    except ERRORS as error:
        raise StoreError(f"ClickHouse cannot be reached: {type(error).__name__}.") from error
    finally:
        if client:
            client.disconnect()


def insert(table: str, columns: Sequence[str], data: Sequence[Sequence[Any]], token: str) -> None:
    """Insert columns of values, once: the same token again changes nothing, here or in the materialized views.

    The block size is far above a batch's, so that a batch is one block of one insert, whole or not at all.
    """
    _run(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES",
        list(data),
        columnar=True,
        settings={
            "insert_deduplication_token": token,
            "deduplicate_blocks_in_dependent_materialized_views": 1,
            "insert_block_size": 1_000_000,
            "type_json_skip_duplicated_paths": 1,
            "max_insert_threads": 1,
        },
    )


def put(sql: str, data: Sequence[Sequence[Any]], settings: Mapping[str, Any]) -> None:
    """An INSERT … SELECT … FROM input(…) with columns of values: how a backup comes back."""
    _run(sql, list(data), columnar=True, settings=dict(settings))


def command(sql: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """A statement that changes the schema or removes data: migrations, retention, erasure."""
    rows: list[tuple[Any, ...]] = _run(sql, dict(params or {}))
    return rows


def check_alive() -> None:
    _run("SELECT 1")
