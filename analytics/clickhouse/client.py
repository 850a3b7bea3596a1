"""The two doors to ClickHouse: `read` (a user who cannot write, limited, tagged) and `insert` (deduplicated by token)."""

import logging
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

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
    # The optimizer would take events for the smaller side, once filtered, and copy them into the hash table: three times the
    # work of a join with the users of sessions. Our statements name the larger side first.
    "query_plan_join_swap_table": "false",
    # Looks through all conditions for a < b AND b < c, of which we have none: a quarter of the time to read a long one.
    "optimize_and_compare_chain": 0,
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

    def add(self, other: "Cost") -> None:
        self.queries += other.queries
        self.rows += other.rows
        self.bytes += other.bytes
        self.seconds += other.seconds


_spent: ContextVar[Cost | None] = ContextVar("spent", default=None)


@contextmanager
def counted() -> Iterator[Cost]:
    """The cost of what is read within; what is counted around it counts it as well."""
    cost, around = Cost(), _spent.get()
    token = _spent.set(cost)
    try:
        yield cost
    finally:
        _spent.reset(token)
        if around is not None:
            around.add(cost)


def get_url() -> str:
    """The server's URL: configured, or written to the data folder by the supervisor."""
    if settings.CLICKHOUSE_URL:
        return str(settings.CLICKHOUSE_URL)
    path = settings.DATA_DIR / "clickhouse" / "url"
    try:
        return str(path.read_text())
    except FileNotFoundError:
        raise StoreError("ClickHouse is not running: start Footfall with `make up`, or set CLICKHOUSE_URL.") from None


def with_user(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{host}"))


def reader_file() -> Path:
    """The URL of the embedded server's reader; of another server name and password of the one that `migrate` made."""
    folder = Path(settings.DATA_DIR)
    if settings.CLICKHOUSE_URL:
        return folder / f"clickhouse_reader_{settings.CLICKHOUSE_DATABASE}"
    return folder / "clickhouse" / "reader_url"


def get_reader_url() -> str:
    """The URL of the user who cannot write. Where there is none, the other one's, and `readonly` alone protects."""
    if settings.CLICKHOUSE_READER_URL:
        return str(settings.CLICKHOUSE_READER_URL)
    try:
        kept = reader_file().read_text()
    except FileNotFoundError:
        return get_url()
    user, _, password = kept.partition(":")
    return with_user(get_url(), user, password) if settings.CLICKHOUSE_URL else kept


def connect(database: str | None = None, timeout: int = 5, door: str = "") -> Client:
    url = urlsplit(door or get_url())
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
        ca_certs=options.get("ca_certs"),  # else the public ones
        connect_timeout=timeout,
        send_receive_timeout=120,
        compression="lz4" if url.hostname not in ("127.0.0.1", "localhost") else False,
        settings={"server_side_params": True},
    )


def _client(url: str) -> Client:
    """One connection a thread and door; a new one when the server has moved (embedded, restarted)."""
    if not hasattr(_local, "clients"):
        _local.clients = {}
    clients: dict[tuple[str, str], Client] = _local.clients
    name = (settings.CLICKHOUSE_DATABASE, url)
    if name not in clients:
        doors = {(settings.CLICKHOUSE_DATABASE, door) for door in (url, get_url(), get_reader_url())}
        for old in set(clients) - doors:
            clients.pop(old).disconnect()
        clients[name] = connect(door=url)
    return clients[name]


def cause_of(error: BaseException) -> str:
    """A certificate that is not believed is told as such; of the rest the driver's texts say no more than its names."""
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        told = text.partition("certificate verify failed: ")[2].partition(" (_ssl")[0].strip().rstrip(".")
        return f"its certificate is not believed ({told}); see ca_certs in CLICKHOUSE_URL"
    return type(error).__name__


def _run(url: str, *args: Any, **options: Any) -> Any:
    try:
        return _client(url).execute(*args, **options)
    except ServerException as error:
        kind = BadData if error.code in BAD_DATA_CODES else StoreError
        raise kind(str(error).split("Stack trace")[0].strip()) from error
    except (struct.error, TypeMismatchError, UnicodeError, OverflowError, ValueError) as error:
        _forget(url)
        raise BadData(f"The rows do not fit the columns: {error}") from error
    except ERRORS as error:
        _forget(url)
        raise StoreError(f"ClickHouse cannot be reached: {cause_of(error)}.") from error


def _forget(url: str) -> None:
    getattr(_local, "clients", {}).pop((settings.CLICKHOUSE_DATABASE, url), None)


def read(sql: str, params: Mapping[str, Any], tag: str, **limits: Any) -> list[tuple[Any, ...]]:
    """Rows of a SELECT. `tag` names site and report, as in "site=7 report=executive.pages"."""
    url, told = get_reader_url(), {**READ_SETTINGS, **limits, "log_comment": tag}
    rows: list[tuple[Any, ...]] = _run(url, sql, dict(params), settings=told)
    cost = _spent.get()
    if cost is not None:
        last = _client(url).last_query
        cost.queries += 1
        cost.rows += last.progress.rows
        cost.bytes += last.progress.bytes
        cost.seconds += last.elapsed or 0
    return rows


def stream(
    sql: str, params: Mapping[str, Any], tag: str, rows: int = 5000, door: str = ""
) -> Iterator[list[tuple[Any, ...]]]:
    """Rows of a SELECT in blocks, over a connection of its own: memory does not grow with the answer."""
    limits = {
        "max_execution_time": 3600,
        "max_result_rows": 0,
        "max_block_size": rows,
        "max_bytes_before_external_sort": 2**28,
    }
    client = None
    try:
        client = connect(door=door or get_reader_url())
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
        raise StoreError(f"ClickHouse cannot be reached: {cause_of(error)}.") from error
    finally:
        if client:
            client.disconnect()


def insert(table: str, columns: Sequence[str], data: Sequence[Sequence[Any]], token: str) -> None:
    """Insert columns of values, once: the same token again changes nothing, here or in the materialized views.

    The block size is far above a batch's, so that a batch is one block of one insert, whole or not at all.
    """
    _run(
        get_url(),
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
    _run(get_url(), sql, list(data), columnar=True, settings=dict(settings))


def command(sql: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """A statement that changes the schema or removes data: migrations, retention, erasure."""
    rows: list[tuple[Any, ...]] = _run(get_url(), sql, dict(params or {}))
    return rows


def check_alive() -> None:
    for url in {get_url(), get_reader_url()}:
        _run(url, "SELECT 1")
