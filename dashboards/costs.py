"""What a site's reports ask of ClickHouse: for admins, the costliest first."""

from collections.abc import Callable
from typing import Any

import redis
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.views.decorators.http import require_GET

from accounts.access import access_site
from accounts.models import Role
from analytics.queries.costs import Spent, get_spent

SPANS = {"1": "Last hour", "24": "Last 24 hours", "48": "Last 2 days"}
SLOW = 1000  # ms
ORDERS: dict[str, Callable[[Spent], int]] = {
    "time": lambda one: one.ms,
    "slowest": lambda one: one.slowest,
    "rows": lambda one: one.rows,
}
MOST = 100


def seconds(ms: int) -> str:
    return f"{ms / 1000:,.1f} s" if ms >= 1000 else f"{ms} ms"


def row(one: Spent, total: int) -> dict[str, Any]:
    return {
        "report": one.report, "queries": f"{one.queries:,}", "time": seconds(one.ms), "mean": seconds(one.mean_ms),
        "slowest": seconds(one.slowest), "slow": one.slowest >= SLOW, "rows": f"{one.rows:,}",
        "bytes": filesizeformat(one.bytes), "failed": one.failed, "share": round(100 * one.ms / total, 2) if total else 0,
    }  # fmt: skip


@require_GET
@login_required
def view(request: HttpRequest, site_id: int) -> HttpResponse:
    site = access_site(request.user, site_id, Role.ADMIN)
    span = request.GET.get("hours", "24") if request.GET.get("hours") in SPANS else "24"
    order = request.GET.get("sort", "time") if request.GET.get("sort") in ORDERS else "time"
    try:
        found, answered = sorted(get_spent(site.pk, int(span)), key=ORDERS[order], reverse=True), True
    except redis.RedisError:
        found, answered = [], False
    total = sum(one.ms for one in found)
    shown = {
        "site": site, "answered": answered, "rows": [row(one, total) for one in found[:MOST]], "order": order,
        "span": span, "spans": [(value, title, value == span) for value, title in SPANS.items()], "time": seconds(total),
        "queries": f"{sum(one.queries for one in found):,}", "read": f"{sum(one.rows for one in found):,}",
        "size": filesizeformat(sum(one.bytes for one in found)),
    }  # fmt: skip
    return render(request, "dashboards/costs.html", shown)
