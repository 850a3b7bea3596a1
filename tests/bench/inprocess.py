"""The write path and the reads within one process, stores beside it: what each part costs by itself."""

import io
import json
import random
import time
import uuid
from collections.abc import Callable
from typing import Any

from tests import environment
from tests.conftest import CHROME, event

REQUESTS, BATCH = 300, 100


def prepare() -> tuple[Any, Any]:
    import django

    django.setup()
    environment.start_stores()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from accounts.actions import do_create_owner, do_create_site

    owner = do_create_owner("bench@example.com", "correct horse battery")
    return owner, do_create_site(owner.teams.get(), "shop.example").site


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of the clock, and of this process's CPU."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - cpu


def bodies(site: Any) -> list[bytes]:
    def one(i: int) -> dict[str, Any]:
        return event(
            f"https://shop.example/p/{i % 50}?utm_source=news", title=f"Page {i}", referrer="https://www.google.com/",
            session={"event_index": i}, event_properties={"position": i, "list": "bestsellers"},
            device={"screen_resolution": "1920x1080", "viewport_size": "1200x800", "language": "de-DE"},
            geo={"timezone": "Europe/Berlin"},
        )  # fmt: skip

    return [
        json.dumps({"site": site.site_key, "events": [one(i) for i in range(BATCH)]}).encode() for _ in range(REQUESTS)
    ]


def post(body: bytes) -> None:
    from analytics.wsgi import application

    status: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/api/v1/events", "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body), "REMOTE_ADDR": f"203.0.113.{random.randrange(250)}", "HTTP_USER_AGENT": CHROME,
    }  # fmt: skip
    b"".join(application(environ, lambda line, headers: status.append(line)))
    assert status == ["202 Accepted"], status


def raw_insert(rows: int, writer: float) -> None:
    """The same rows by clickhouse-driver alone, into a table without views."""
    from analytics.clickhouse import client
    from analytics.clickhouse.columns import COLUMNS

    stored = client.read(
        f"SELECT {', '.join(n for n in COLUMNS if n != 'properties')} FROM events LIMIT {rows}", {}, "bench"
    )
    columns = [list(column) for column in zip(*stored, strict=True)]
    columns.append(['{"position": 1, "list": "bestsellers"}'] * len(stored))
    names = [n for n in COLUMNS if n != "properties"] + ["properties"]
    client.command("CREATE TABLE bench AS events ENGINE = MergeTree ORDER BY timestamp")
    try:
        seconds, _ = timed(lambda: client.insert("bench", names, columns, uuid.uuid4().hex))
    finally:
        client.command("DROP TABLE bench")
    raw = len(stored) / seconds
    print(
        f"raw columnar insert of {len(stored)} rows       {raw:10,.0f} events/s; the writer is {writer / raw:.2f} of it"
    )


def reads(site: Any) -> None:
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    from analytics.queries import calendar
    from analytics.queries import query as core
    from analytics.queries.query import Query
    from ingestion.demo import seed

    seed(site.pk, 200_000, 90, 1)
    now = datetime.now(UTC)
    period = calendar.get_period("90d", ZoneInfo("Europe/Berlin"), now)
    for metrics, dimensions in (
        (("visitors", "sessions", "pageviews", "bounce_rate"), ()), (("visitors",), ("day",)),
        (("visitors",), ("path",)), (("visitors",), ("source",)), (("visitors", "sessions", "bounce_rate"), ("entry_page",)),
    ):  # fmt: skip
        query = Query(site.pk, period, metrics, dimensions)
        cold = timed(lambda query=query: core.run(query, now))[0]
        warm = sorted(timed(lambda query=query: core.run(query, now))[0] for _ in range(9))
        name = f"{'+'.join(metrics)} by {dimensions[0] if dimensions else 'nothing'}"
        print(
            f"{name:64} cold {cold * 1000:5.0f} ms, warm {warm[4] * 1000:5.0f} ms (median), {warm[-1] * 1000:5.0f} ms (worst of 9)"
        )


def main() -> None:
    _, site = prepare()
    from ingestion import writer

    sent, total = bodies(site), REQUESTS * BATCH
    post(sent[0])
    clock, cpu = timed(lambda: [post(body) for body in sent[1:]])
    print(
        f"endpoint, {BATCH} events a request, durable    {total / clock:10,.0f} events/s, {total / cpu:,.0f} per CPU second"
    )
    clock, cpu = timed(writer.drain_all)
    print(
        f"writer: sessions, insert, four views       {total / clock:10,.0f} events/s, {total / cpu:,.0f} per CPU second"
    )
    raw_insert(total, total / clock)
    print("\nReads over 200,000 demo events of 90 days:")
    reads(site)
