"""Does it cost more when more is stored? The same batch and the same questions at a million and at ten million events
(BENCH=huge: and at a hundred)."""

import os
import random
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tests.bench import inprocess

STEPS = (1_000_000, 10_000_000, *([100_000_000] if os.environ.get("BENCH") == "huge" else []))
COPY = """
INSERT INTO events ({names}) SELECT {values} FROM events AS e
WHERE e.site_id = {{source:UInt32}} AND e.session_id % 4 = {{part:UInt32}}
  AND intDiv(e.session_id, 4) % 1000 < {{share:UInt32}}
"""


def analyses(site: object) -> None:
    """Over 90 days of what is stored now; the first run and the quickest of three more."""
    from analytics.queries import attribution, calendar, funnel, paths, retention
    from analytics.queries.cache import results
    from analytics.queries.people import Scope, Selector

    now = datetime.now(UTC)
    scope = Scope(site.id, calendar.get_period("90d", ZoneInfo("Europe/Berlin"), now))
    kinds = ("page_view", "product_view", "add_to_cart", "checkout_start", "purchase")
    steps = tuple(Selector(event=kind) for kind in kinds)
    asked = {
        "funnel of 5 steps": lambda: funnel.run(funnel.Funnel(scope, steps)),
        "funnel of 6 steps, first a page": lambda: funnel.run(funnel.Funnel(scope, (Selector(page="/"), *steps))),
        "retention, 12 weeks": lambda: retention.run(retention.Retention(scope, interval="week", intervals=12), now),
        "paths of 5 steps": lambda: paths.run(paths.Paths(scope)),
        "attribution by channel": lambda: attribution.run(attribution.Attribution(scope)),
    }

    def fresh(run: object) -> float:
        results.clear()
        return float(inprocess.timed(run)[0] * 1000)

    for name, run in asked.items():
        first = fresh(run)
        print(f"  {name:32} {first:6.0f} ms, then {min(fresh(run) for _ in range(3)):6.0f} ms")


def main() -> None:
    from analytics.clickhouse import client
    from analytics.clickhouse.columns import COLUMNS
    from analytics.queries import calendar
    from analytics.queries import query as core
    from analytics.queries.cache import results
    from analytics.queries.query import Query
    from ingestion import writer
    from ingestion.sites import known

    known.refresh()
    site = next(iter(known.current(time.time()).by_id.values()))
    names = [name for name in COLUMNS if name != "properties"] + ["properties"]
    print("\nWith more stored (the events of the demo, copied under new ids):")
    stored = client.read("SELECT count() FROM events", {}, "bench")[0][0]
    for step in STEPS:
        while stored < step:
            shift = random.getrandbits(62)
            changed = {
                "event_id_low": f"bitXor(e.event_id_low, {shift})", "session_id": f"bitXor(e.session_id, {shift})",
                "visitor_id": f"bitXor(e.visitor_id, {shift})", "person_id": f"bitXor(e.person_id, {shift})",
                "properties": "toString(e.event_properties)",
                "order_id": f"if(e.order_id = '', '', concat(e.order_id, '-{shift % 10**6}'))",  # an order of its own
            }  # fmt: skip
            values = ", ".join(changed.get(name, f"e.{name}") for name in names)
            before = stored
            for part in range(4):
                share = min(1000, 4000 * (step - stored) // before + 1)
                told = {"source": site.id, "part": part, "share": share}
                client.command(COPY.format(names=", ".join(names), values=values), told)
                stored = client.read("SELECT count() FROM events", {}, "bench")[0][0]
                if stored >= step:
                    break
            assert stored > before
        bodies = inprocess.bodies(site)
        clock = inprocess.timed(lambda bodies=bodies: [inprocess.post(one) for one in bodies])[0]
        written = inprocess.timed(writer.drain_all)[0]
        now = datetime.now(UTC)
        period = calendar.get_period("28d", ZoneInfo("Europe/Berlin"), now)
        took = []
        for metrics, dimensions in ((("visitors", "pageviews"), ("day",)), (("visitors",), ("path",))):
            query = Query(site.id, period, metrics, dimensions)
            core.run(query, now)
            times = []
            for _ in range(3):
                results.clear()
                times.append(inprocess.timed(lambda query=query, now=now: core.run(query, now))[0])
            took.append(min(times))
        total = len(bodies) * inprocess.BATCH
        size = client.command(
            "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'events' AND database = currentDatabase()"
        )
        print(
            f"{stored / 1e6:5.1f} million stored: endpoint {total / clock:,.0f} events/s, writer {total / written:,.0f} events/s,"
            f" 28 days by day {took[0] * 1000:.0f} ms, by page {took[1] * 1000:.0f} ms, {size[0][0] / stored:.0f} bytes/event"
        )
        analyses(site)
