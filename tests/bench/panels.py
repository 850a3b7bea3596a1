"""Every panel of the three dashboards, cold and warm, over what is stored now; a page's own cost; and an export's memory."""

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PANELS = {
    "executive": ("headline", "series", "people", "goals", "engagement", "funnel", "pages", "sources", "places", "technology", "retention"),
    "product": ("trends", "funnel", "retention", "flow", "lifecycle", "adoption", "experiments", "vitals", "errors", "explorer"),
    "marketing": ("attribution", "campaigns", "channels", "customers", "ltv", "searches"),
}  # fmt: skip
ROUNDS = 11
EXPORT = """
import sys
import django
django.setup()
from datetime import date, timedelta
from zoneinfo import ZoneInfo
from analytics.queries import export
from analytics.queries.calendar import Period
from analytics.queries.people import Scope
today = date.today()
blocks = export.get_blocks("events", Scope(int(sys.argv[1]), Period(today - timedelta(days=89), today, ZoneInfo("UTC"))))
size = sum(len(chunk) for chunk in export.write("events", sys.argv[2], blocks))
status = dict(line.split(":", 1) for line in open("/proc/self/status"))  # ru_maxrss begins with the parent's
print(size // 2**20, int(status["VmHWM"].split()[0]) // 1024)
"""


def timed(ask: Any) -> float:
    start = time.perf_counter()
    answer = ask()
    took = time.perf_counter() - start
    assert answer.status_code == 200 and b"This could not" not in answer.content.partition(b"<template")[0], (
        answer.content[:300]
    )
    return 1000 * took


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def main() -> None:
    from django.test import Client

    from accounts.models import Role, User
    from analytics.queries.cache import results
    from analytics.saved.models import Goal
    from ingestion.sites import known

    known.refresh()
    site = next(iter(known.current(time.time()).by_id.values()))
    user = User.objects.filter(memberships__role=Role.OWNER).first() or User.objects.get()
    Goal.objects.get_or_create(site_id=site.id, name="Bought", defaults={"target": "purchase"})
    Goal.objects.get_or_create(site_id=site.id, name="Prices", defaults={"kind": "page", "target": "/pricing*"})
    client = Client()
    client.force_login(user)
    print("\nPanels: ms of the first answer (median, p95) and from memory (p95); 28 days, then 90 days")
    for page, names in PANELS.items():
        for name in names:
            shown = []
            for period in ("28d", "90d"):
                path = f"/sites/{site.id}/{page}/panels/{name}?period={period}"
                client.get(path)
                cold = []
                for _ in range(ROUNDS):
                    results.clear()
                    cold.append(timed(lambda path=path: client.get(path)))
                warm = [timed(lambda path=path: client.get(path)) for _ in range(ROUNDS)]
                shown.append(f"{statistics.median(cold):6.0f} {p95(cold):6.0f} {p95(warm):5.0f}")
            print(f"  {page:10}{name:12} {'   '.join(shown)}")
    for page in PANELS:
        took = statistics.median(timed(lambda page=page: client.get(f"/sites/{site.id}/{page}")) for _ in range(7))
        print(f"  the page {page} by itself: {took:.0f} ms")
    for form in ("csv", "parquet"):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", EXPORT, str(site.id), form],
            capture_output=True,
            text=True,
            cwd=Path.cwd(),
            check=False,
        )
        print(
            f"  export of 90 days as {form}: MB of file and peak MB of memory: {done.stdout.strip() or done.stderr[-300:]}, {time.perf_counter() - start:.0f} s"
        )
