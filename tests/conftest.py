"""The cast and the front doors. Every test has an empty ClickHouse and an empty Valkey."""

import datetime as dt
import io
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from tests import environment

Insert = Callable[..., None]


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> None:
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["tests.hashing.CheapArgon2", *settings.PASSWORD_HASHERS]


@pytest.fixture(scope="session")
def stores() -> Iterator[None]:
    """ClickHouse, migrated, and Valkey, both real."""
    if not environment._stores:
        environment.start_stores()
    from analytics.clickhouse.migrate import do_migrate

    do_migrate(lambda text: None, expected=False)
    yield


@pytest.fixture(autouse=True)
def clean(request: pytest.FixtureRequest) -> Iterator[None]:
    """What one test leaves in the stores, the next does not find."""
    uses = {"stores", "db", "transactional_db", "site", "owner"} & set(request.fixturenames)
    if not uses:
        yield
        return
    request.getfixturevalue("stores")
    from django.conf import settings

    from analytics.clickhouse import client
    from analytics.queries.cache import results
    from ingestion import buffer, secret_use
    from ingestion.sites import Snapshot, known

    known._snapshot = Snapshot()
    secret_use._counts.clear()
    if settings.DATABASE_URL:  # the thread that reads the sites anew would not see what a test has not committed
        known._thread = threading.current_thread()
    yield
    results.clear()
    buffer.connection().flushall()
    known._snapshot = Snapshot()
    filled = client.read(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND total_rows > 0 AND name != 'migrations'",
        {},
        "test",
    )
    for (name,) in filled:
        client.command(f"TRUNCATE TABLE {name}")


@pytest.fixture
def owner(db: None) -> Any:
    from accounts.actions import do_create_owner

    return do_create_owner("alice@example.com", "correct horse battery", "Alice", "Alice's team")


@pytest.fixture
def new_site(owner: Any) -> Any:
    from accounts.actions import do_create_site

    return do_create_site(owner.teams.get(), "shop.example", "UTC", "EUR")


@pytest.fixture
def site(new_site: Any) -> Any:
    return new_site.site


@pytest.fixture
def client_in(owner: Any) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def api_key(owner: Any) -> str:
    from accounts.actions import do_create_api_key

    return do_create_api_key(owner, owner.teams.get(), "test")


def default_row(site_id: int) -> dict[str, Any]:
    from analytics.clickhouse.columns import COLUMNS

    kinds = {"String": "", "LowCardinality(String)": "", "Bool": False}
    row: dict[str, Any] = {name: kinds.get(kind, 0) for name, kind in COLUMNS.items()}
    now = dt.datetime.now(dt.UTC)
    row |= {
        "site_id": site_id, "timestamp": now, "received_at": now, "event_type": "page_view", "interactive": True,
        "revenue": Decimal(0), "variants": {}, "properties": "{}", "session_id": 1, "visitor_id": 1, "person_id": 1,
        "weight": 1.0, "lcp": None, "inp": None, "cls": None, "fcp": None, "ttfb": None,
    }  # fmt: skip
    return row


@pytest.fixture
def insert_events(stores: None) -> Insert:
    """`insert_events(site, [{"path": "/", …}, …])`: straight into ClickHouse, for reports; what is not given is empty."""

    def insert(site: Any, rows: list[dict[str, Any]]) -> None:
        from analytics.clickhouse import client
        from analytics.clickhouse.columns import COLUMNS, split_id

        filled = []
        for given in rows:
            row = default_row(site.pk) | {"event_id": uuid.uuid4()} | given
            row["session_start"] = given.get("session_start", row["timestamp"])
            ids = split_id(str(row["event_id"]), round(row["timestamp"].timestamp() * 1000))
            row |= dict(zip(("event_id_gap", "event_id_mid", "event_id_low"), ids, strict=True))
            filled.append([row[name] for name in COLUMNS])
        for start in range(0, len(filled), 20_000):
            part = filled[start : start + 20_000]
            client.insert("events", list(COLUMNS), [list(c) for c in zip(*part, strict=True)], uuid.uuid4().hex)

    return insert


class Answer:
    def __init__(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = int(status.split()[0])
        self.headers = dict(headers)
        self.body = body

    def json(self) -> Any:
        return json.loads(self.body)


CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
Post = Callable[..., Answer]


@pytest.fixture
def post(stores: None) -> Post:
    """`post(body, secret=…, agent=…, address=…, headers={…})`: a request to the endpoint as the server passes it on."""

    def send(
        body: Any, secret: str = "", agent: str = CHROME, address: str = "203.0.113.9", method: str = "POST",
        headers: dict[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        from analytics.wsgi import application

        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": "/api/v1/events", "CONTENT_LENGTH": str(len(raw)),
            "CONTENT_TYPE": "text/plain", "wsgi.input": io.BytesIO(raw), "REMOTE_ADDR": address,
            "HTTP_USER_AGENT": agent, "HTTP_ACCEPT_LANGUAGE": "de-DE,de;q=0.9", **(headers or {}),
        }  # fmt: skip
        if secret:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        seen: list[Any] = []
        chunks = application(environ, lambda status, sent: seen.extend([status, sent]))
        return Answer(seen[0], seen[1], b"".join(chunks))

    return send


@pytest.fixture
def drain() -> Callable[[], int]:
    from ingestion import writer

    return writer.drain_all


@pytest.fixture
def stored(stores: None) -> Callable[..., list[dict[str, Any]]]:
    """`stored("path", "session_id", order="timestamp")`: rows of events as dicts."""

    def fetch(*names: str, table: str = "events", order: str = "timestamp, event_index") -> list[dict[str, Any]]:
        from analytics.clickhouse import client

        rows = client.read(f"SELECT {', '.join(names)} FROM {table} ORDER BY {order}", {}, "test")
        return [dict(zip(names, row, strict=True)) for row in rows]

    return fetch


def event(url: str = "https://shop.example/", kind: str = "page_view", **fields: Any) -> dict[str, Any]:
    page = {"url": url, "title": fields.pop("title", ""), "referrer": fields.pop("referrer", "")}
    return {"event_id": str(uuid.uuid4()), "event_type": kind, "page": page, **fields}


def eventually(check: Callable[[], Any], seconds: float = 15.0) -> Any:
    """The first true value of `check`, asked again and again."""
    until = time.monotonic() + seconds
    while not (value := check()):
        if time.monotonic() > until:
            raise AssertionError(f"{check} was not true within {seconds} s")
        time.sleep(0.05)
    return value


@pytest.fixture(scope="session")
def shared_footfall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A whole running Footfall for the modules that leave it as they found it, but for sites of their own."""
    from tests.running import Footfall

    running = Footfall(tmp_path_factory.mktemp("shared") / "data")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def footfall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A whole running Footfall of a module's own."""
    from tests.running import Footfall

    running = Footfall(tmp_path_factory.mktemp("footfall") / "data")
    yield running
    running.stop()


@pytest.fixture
def footfall_factory(tmp_path: Any) -> Iterator[Callable[..., Any]]:
    from tests.running import Footfall

    made: list[Any] = []

    def make(**environment: str) -> Any:
        made.append(Footfall(tmp_path / f"data{len(made)}", environment))
        return made[-1]

    yield make
    for running in made:
        running.stop()
