"""The product dashboard: its page; the panels load by themselves."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import access_site
from dashboards.breakdown import GROUPS
from dashboards.state import get_state
from dashboards.toolbar import toolbar

SHOWN = ("events", "pages")


@require_GET
@login_required
def view(request: HttpRequest, site_id: int) -> HttpResponse:
    state = get_state(request, access_site(request.user, site_id))
    groups = [(name, title) for name, (title, _) in GROUPS.items() if name in SHOWN]
    return render(request, "dashboards/product.html", toolbar(state) | {"groups": groups})
