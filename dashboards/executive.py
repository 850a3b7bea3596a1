"""The executive dashboard: its page; the panels load by themselves."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from accounts.access import access_site
from dashboards.door import Door
from dashboards.page import page
from dashboards.state import State


@page("dashboards/executive.html")
def view(door: Door, state: State) -> dict[str, Any]:
    return {}


@require_GET
@login_required
def home(request: HttpRequest, site_id: int) -> HttpResponse:
    access_site(request.user, site_id)
    return redirect("executive", site_id=site_id)
