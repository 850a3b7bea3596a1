"""Has the first event arrived? Asked every two seconds by the installation page until it has."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import access_site
from analytics.queries.span import get_first_event
from analytics.queries.store import StoreError

STOP_POLLING = 286  # htmx stops asking on this status


@require_GET
@login_required
def status(request: HttpRequest, site_id: int) -> HttpResponse:
    site = access_site(request.user, site_id)
    try:
        first = get_first_event(site.pk)
    except StoreError:
        return render(request, "dashboards/panels/installation.html", {"site": site, "unavailable": True})
    found = first is not None
    return render(
        request,
        "dashboards/panels/installation.html",
        {"site": site, "found": found},
        status=STOP_POLLING if found else 200,
    )
