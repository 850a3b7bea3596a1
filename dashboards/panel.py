"""The frame of every panel: the door, the state, the errors, and what can be taken from it (CSV, PNG, API request)."""

import json
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.audit import Action, do_record
from accounts.csv_cells import rows_to_csv
from accounts.models import Role
from analytics.queries.dimensions import BadQuery
from analytics.queries.export import cell
from analytics.queries.store import Cost, StoreError, counted
from dashboards.door import Closed, Door, enter
from dashboards.groups import first_tab
from dashboards.state import State, get_state, opened_in

log = logging.getLogger(__name__)
Table = tuple[list[str], list[list[Any]]]
Data = Callable[..., dict[str, Any]]
ON_DEMAND = "funnel-people"
TAB = re.compile(r"[a-z_]{1,40}")
ASKED = ("tab", "sort", "page", "number", "dropped")


def panel(template: str, people: bool = False) -> Callable[[Data], Callable[..., HttpResponse]]:
    """A view of one panel from `data(state, **url kwargs) -> context`. It answers with the panel or with what went wrong.

    Of the context, `table` (heads, rows), or what it answers when called, becomes the CSV, and `api` (operation, body) the
    request that can be copied.
    """

    def wrap(data: Data) -> Callable[..., HttpResponse]:
        @require_GET
        @wraps(data)
        def view(request: HttpRequest, site_id: int, **kwargs: Any) -> HttpResponse:
            try:
                door = enter(request, site_id, people)
            except Closed as closed:
                return closed.answer
            note(request, door, people)
            state = get_state(request, door)
            given, key = asked(request), key_of(request)
            if "tab" in given:
                state = state.opening(key, tab_of(given["tab"], key))
            given["tab"] = state.opened(key)
            shell = {"state": state, "site": state.site, "address": request.get_full_path(), "door": door}
            try:
                with counted() as cost:
                    whole = request.GET.get("format") == "csv"
                    context = data(replace(state, whole=whole), **kwargs, **given)
                    table = context.get("table")
                    table = table() if whole and callable(table) else table
            except BadQuery as error:
                return render(request, "dashboards/panels/failed.html", shell | {"message": str(error)})
            except StoreError as error:
                log.warning("A panel failed: %s", error)
                return render(request, "dashboards/panels/failed.html", shell | {"message": explain(str(error))})
            if whole:
                name = str(context.get("file") or data.__module__.rpartition(".")[2])
                return to_csv(state, name, table)
            answer = render(request, template, shell | context)
            answer.write(tools(request, door, state, context, cost))
            answer["Server-Timing"] = (
                f'store;dur={cost.seconds * 1000:.1f};desc="{cost.queries} queries, {cost.rows} rows"'
            )
            if "tab" in request.GET and (page := page_with(request, key, state.opened(key))):
                answer["HX-Replace-Url"] = page
            return answer

        return view

    return wrap


def note(request: HttpRequest, door: Door, people: bool) -> None:
    """For the audit log: figures that leave as a file; single people, of panels that load by themselves once an hour."""
    name = str(request.resolver_match.url_name) if request.resolver_match else ""
    target = name.removeprefix("panel-")
    if request.GET.get("format") == "csv":
        link = {"link": door.link.pk} if door.link else None
        do_record(request.user, Action.EXPORTED, None, door.site, target=target, after=link, request=request)
    elif people and (name == ON_DEMAND or cache.add(f"seen:{request.user.pk}:{door.site.pk}:{name}", 1, 3600)):
        do_record(request.user, Action.PEOPLE_VIEWED, None, door.site, target=target, request=request)


def asked(request: HttpRequest) -> dict[str, str]:
    """What a panel takes beside the state: its tab, its order, its page."""
    return {name: request.GET[name] for name in ASKED if name in request.GET}


def key_of(request: HttpRequest) -> str:
    """By which name an address opens the panel's tabs."""
    found = request.resolver_match
    return str(found.kwargs.get("group") or str(found.url_name).removeprefix("panel-")) if found else ""


def tab_of(tab: str, key: str) -> str:
    """Empty for the first, and for what cannot be a tab."""
    return "" if tab == first_tab(key) or not TAB.fullmatch(tab) else tab


def page_with(request: HttpRequest, key: str, tab: str) -> str:
    """The address of the page in which the panel stands, with this tab open; htmx names the page."""
    page = urlsplit(request.headers.get("HX-Current-URL", ""))
    if (
        not page.path.startswith("/")
        or page.path.startswith("//")
        or "HX-Current-URL-URI-AutoEncoded" in request.headers
    ):
        return ""
    query = urlencode(opened_in(tuple(parse_qsl(page.query, keep_blank_values=True)), key, tab))
    return f"{page.path}?{query}" if query else page.path


def explain(error: str) -> str:
    if "TIMEOUT_EXCEEDED" in error or "MEMORY_LIMIT" in error:
        return "This takes too long for the period and filters chosen. A shorter period will do."
    return "The event store does not answer right now. Nothing is lost: events wait in the buffer."


def to_csv(state: State, name: str, table: Table | None) -> HttpResponse:
    text = rows_to_csv([table[0], *([cell(value) for value in row] for row in table[1])]) if table else ""
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    file = f"{state.site.domain}-{name}-{state.dates.first}-{state.dates.last}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{file}"'
    return answer


def tools(request: HttpRequest, door: Door, state: State, context: dict[str, Any], cost: Cost) -> str:
    """The menu in the panel's corner; what a query costs is for admins."""
    if not context.get("table") and not context.get("api"):
        return ""
    address = request.get_full_path()
    shown = {
        "csv": f"{address}{'&' if '?' in address else '?'}format=csv" if context.get("table") else "",
        "request": curl(request, state, *context["api"]) if context.get("api") and not door.is_guest else "",
        "cost": cost if door.may(Role.ADMIN) else None,
        "costs": reverse("costs", args=[state.site.pk]),
        "file": f"{state.site.domain}-{state.dates.first}-{state.dates.last}",
    }
    return render_to_string("dashboards/panels/tools.html", shown)


def curl(request: HttpRequest, state: State, operation: str, body: dict[str, Any]) -> str:
    base = settings.BASE_URL or request.build_absolute_uri("/").rstrip("/")
    whole = {"date_range": state.range_text, "filters": state.raw_filters} | body
    text = json.dumps({k: v for k, v in whole.items() if v not in ([], "", None)}, ensure_ascii=False).replace(
        "'", "'\\''"
    )
    return (
        f"curl {base}/api/v1/sites/{state.site.pk}/{operation} -H 'Authorization: Bearer API_KEY'"
        f" -H 'Content-Type: application/json' -d '{text}'"
    )
