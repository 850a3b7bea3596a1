"""Live: who is here now, and what happens. The panel asks again every few seconds while its page is seen."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import PEOPLE, access_site
from analytics.queries import live
from analytics.queries.live import Happening
from dashboards.names import DEVICES, compact, country_name, display
from dashboards.panel import panel
from dashboards.state import State

VERBS = {
    "page_view": "Viewed", "click": "Clicked on", "purchase": "Purchased on", "error": "Met an error on",
    "form_submit": "Sent a form on", "file_download": "Downloaded a file on", "outbound_click": "Left by a link on",
    "identify": "Was identified on", "search": "Searched on", "add_to_cart": "Added to the cart on",
    "checkout_start": "Began the checkout on", "product_view": "Looked at a product on",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    id: str
    time: str
    iso: str
    verb: str
    path: str
    title: str
    about: str
    money: str


def item(happening: Happening, state: State) -> Item:
    where = ", ".join(
        part for part in (happening.city, country_name(happening.country) if happening.country else "") if part
    )
    source = f"from {happening.source}" if happening.source and not happening.source.startswith("Direct") else ""
    device = DEVICES.get(happening.device_type, "")
    local: datetime = happening.at.astimezone(state.zone)
    return Item(
        happening.key, f"{local:%H:%M:%S}", local.isoformat(), VERBS.get(happening.kind, f"{happening.kind} on"),
        happening.path, happening.title, " · ".join(p for p in (where, happening.browser or device, source) if p),
        f"{happening.currency} {happening.revenue:,.2f}" if happening.revenue else "",
    )  # fmt: skip


@panel("dashboards/panels/live.html", people=True)
def now(state: State, **_: str) -> dict[str, Any]:
    found = live.get_now(state.site.pk)
    most = max([*found.by_minute, 1])
    lists = live.get_lists(state.site.pk)
    titles = (("path", "Pages now"), ("source", "Sources now"), ("country", "Countries now"))
    return {
        "now": found,
        "minutes": [
            (i * 10, 40 - round(38 * n / most), round(38 * n / most) + 2, n, 29 - i)
            for i, n in enumerate(found.by_minute)
        ],
        "lists": [
            (title, [(display(name, v), n, compact(n), round(100 * n / rows[0][1], 1)) for v, n in rows])
            for name, title in titles
            for rows in [lists[name]]
        ],
        "feed": [item(happening, state) for happening in live.get_feed(state.site.pk)],
    }


@panel("dashboards/panels/feed.html", people=True)
def feed(state: State, **_: str) -> dict[str, Any]:
    return {"feed": [item(happening, state) for happening in live.get_feed(state.site.pk)[:10]]}


@require_GET
@login_required
def view(request: HttpRequest, site_id: int) -> HttpResponse:
    return render(request, "dashboards/live.html", {"site": access_site(request.user, site_id, PEOPLE)})
