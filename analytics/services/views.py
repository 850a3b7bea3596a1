"""Whether it runs: for load balancers, supervisors and Prometheus."""

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from analytics.clickhouse import client
from analytics.services.backlog import buffer_store, get_waiting


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


CHECKS: dict[str, Callable[[], object]] = {
    "database": check_database,
    "clickhouse": client.check_alive,
    "buffer": lambda: buffer_store().ping(),
}


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "alive"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when all dependencies answer, else 503; each by name. Reasons stay in the log: strangers may read this."""
    states = {}
    for name, check in CHECKS.items():
        try:
            check()
            states[name] = "ok"
        except Exception:
            states[name] = "unavailable"
    ready = all(state == "ok" for state in states.values())
    return JsonResponse({"status": "ready" if ready else "unavailable", "checks": states}, status=200 if ready else 503)


class Ingestion:
    """Read from Valkey when asked, so that it is right whatever process answers."""

    def collect(self) -> list[Metric]:
        store = buffer_store()
        total = CounterMetricFamily("footfall_events", "Events that arrived, by outcome", labels=["outcome", "reason"])
        masked = CounterMetricFamily("footfall_masked", "Personal data that was masked in events", labels=["kind"])
        for name, number in store.hgetall(f"{settings.REDIS_PREFIX}:outcomes:total").items():
            outcome, _, reason = name.decode().partition("|")
            if outcome == "masked":  # no outcome: what was taken out of events that have one
                masked.add_metric([reason], int(number))
                continue
            total.add_metric([outcome, reason], int(number))
        waiting = GaugeMetricFamily("footfall_buffer_entries", "Requests that wait in the buffer", labels=["partition"])
        age = GaugeMetricFamily("footfall_buffer_age_seconds", "Since the oldest of them came", labels=["partition"])
        for found in get_waiting():
            waiting.add_metric([found.partition], found.requests)
            age.add_metric([found.partition], found.seconds)
        doubts = GaugeMetricFamily(
            "footfall_recut_visitors", "Whose sessions are to be cut again, for late events", labels=["partition"]
        )
        for partition in range(settings.INGEST_PARTITIONS):
            doubts.add_metric([str(partition)], store.hlen(f"{settings.REDIS_PREFIX}:recut:{partition}"))
        return [total, masked, waiting, age, doubts]


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    registry = CollectorRegistry()
    try:
        registry.register(Ingestion())
        text = generate_latest(registry)
    except redis.RedisError:
        return HttpResponse("The buffer cannot be reached.\n", status=503, content_type="text/plain")
    return HttpResponse(text, content_type="text/plain; version=0.0.4; charset=utf-8")
