"""The executive dashboard: its page; the panels load by themselves."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.access import access_site
from analytics.queries import calendar
from analytics.queries.span import get_first_event
from analytics.queries.store import StoreError
from dashboards.breakdown import GROUPS
from dashboards.state import State, get_state, write_clause


def periods(state: State) -> list[tuple[str, str, bool]]:
    return [
        (title, state.address(period=name, first="", last="", interval=""), state.period == name)
        for name, title in calendar.NAMED.items()
    ]


def comparisons(state: State) -> list[tuple[str, str, bool]]:
    return [(title, state.address(compare=name), state.compare == name) for name, title in calendar.COMPARISONS.items()]


def toolbar(state: State) -> dict[str, Any]:
    return {
        "state": state,
        "site": state.site,
        "periods": periods(state),
        "comparisons": comparisons(state),
        "query": state.address()[1:],
        "cleared": state.address(clauses=()),
        "kept": [("compare", state.compare), ("metric", state.metric)],
        "clause_texts": [write_clause(clause) for clause in state.clauses],
    }


@require_GET
@login_required
def view(request: HttpRequest, site_id: int) -> HttpResponse:
    state = get_state(request, access_site(request.user, site_id))
    try:
        waiting = get_first_event(state.site.pk) is None
    except StoreError:
        waiting = False
    groups = [(name, title) for name, (title, _) in GROUPS.items()]
    return render(request, "dashboards/executive.html", toolbar(state) | {"waiting": waiting, "groups": groups})


@require_GET
@login_required
def home(request: HttpRequest, site_id: int) -> HttpResponse:
    access_site(request.user, site_id)
    return redirect("executive", site_id=site_id)
