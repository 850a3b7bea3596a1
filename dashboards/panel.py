"""The frame of every panel: the permission door, the state, the errors."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import access_site
from analytics.queries.dimensions import BadQuery
from analytics.queries.store import StoreError
from dashboards.state import get_state

log = logging.getLogger(__name__)
Data = Callable[..., dict[str, Any]]


def panel(template: str) -> Callable[[Data], Callable[..., HttpResponse]]:
    """A view of one panel from `data(state, **url kwargs) -> context`. It answers with the panel or with what went wrong."""

    def wrap(data: Data) -> Callable[..., HttpResponse]:
        @require_GET
        @login_required
        @wraps(data)
        def view(request: HttpRequest, site_id: int, **kwargs: Any) -> HttpResponse:
            state = get_state(request, access_site(request.user, site_id))
            shell = {"state": state, "site": state.site, "address": request.get_full_path()}
            try:
                return render(request, template, shell | data(state, **kwargs, **asked(request)))
            except BadQuery as error:
                return render(request, "dashboards/panels/failed.html", shell | {"message": str(error)})
            except StoreError as error:
                log.warning("A panel failed: %s", error)
                return render(request, "dashboards/panels/failed.html", shell | {"message": explain(str(error))})

        return view

    return wrap


def asked(request: HttpRequest) -> dict[str, str]:
    """What a panel takes beside the state: its tab, its order, its page."""
    return {name: request.GET[name] for name in ("tab", "sort", "page") if name in request.GET}


def explain(error: str) -> str:
    if "TIMEOUT_EXCEEDED" in error or "MEMORY_LIMIT" in error:
        return "This takes too long for the period and filters chosen. A shorter period will do."
    return "The event store does not answer right now. Nothing is lost: events wait in the buffer."
