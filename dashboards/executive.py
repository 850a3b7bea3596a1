"""The executive dashboard: its page; the panels load by themselves."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.access import access_site
from analytics.queries.span import get_first_event
from analytics.queries.store import StoreError
from dashboards.breakdown import GROUPS
from dashboards.state import get_state
from dashboards.toolbar import toolbar

SHOWN = ("pages", "sources", "places", "technology")


@require_GET
@login_required
def view(request: HttpRequest, site_id: int) -> HttpResponse:
    state = get_state(request, access_site(request.user, site_id))
    try:
        waiting = get_first_event(state.site.pk) is None
    except StoreError:
        waiting = False
    groups = [(name, title) for name, (title, _) in GROUPS.items() if name in SHOWN]
    return render(request, "dashboards/executive.html", toolbar(state) | {"waiting": waiting, "groups": groups})


@require_GET
@login_required
def home(request: HttpRequest, site_id: int) -> HttpResponse:
    access_site(request.user, site_id)
    return redirect("executive", site_id=site_id)
