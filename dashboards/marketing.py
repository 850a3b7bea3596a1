"""The marketing dashboard: its page, and attribution; the other panels are breakdowns."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import access_site
from analytics.queries import attribution as core
from analytics.queries.dimensions import DIMENSIONS
from analytics.queries.people import Scope
from dashboards.breakdown import GROUPS
from dashboards.funnel import selector_of
from dashboards.names import display, write
from dashboards.panel import panel
from dashboards.state import State, get_state
from dashboards.toolbar import toolbar

SHOWN = ("channels", "campaigns", "landing", "places")
TABS = ("channel", "source", "utm_campaign", "utm_medium")
SHORT = {
    "last_touch": "Last touch", "last_non_direct": "Last non-direct", "first_touch": "First touch", "linear": "Linear",
    "position_based": "40/20/40", "time_decay": "Time decay", "data_driven": "Data-driven",
}  # fmt: skip


@require_GET
@login_required
def view(request: HttpRequest, site_id: int) -> HttpResponse:
    state = get_state(request, access_site(request.user, site_id))
    groups = [(name, title) for name, (title, _) in GROUPS.items() if name in SHOWN]
    return render(request, "dashboards/marketing.html", toolbar(state) | {"groups": groups})


@panel("dashboards/panels/attribution.html")
def attribution(state: State, tab: str = "", **_: str) -> dict[str, Any]:
    by, goal = tab if tab in TABS else TABS[0], state.value("goal", "purchase")
    wanted = core.Attribution(Scope(state.site.pk, state.dates, state.filters), selector_of(goal), by)
    found = core.run(wanted, "marketing.attribution")
    money = bool(found.revenue)
    rows = [
        (
            display(by, row.value) or "None", f"{row.touches:,}",
            [
                (
                    title, f"{row.credits[name].conversions:,.1f}",
                    write("revenue", row.credits[name].revenue, state.site.currency) if money else "",
                )
                for name, title in SHORT.items()
            ],
        )
        for row in found.rows[:30]
    ]  # fmt: skip
    return {
        "label": DIMENSIONS[by].label, "rows": rows, "models": [(SHORT[name], title) for name, title in core.MODELS.items()],
        "tabs": [(name, DIMENSIONS[name].label, name == by) for name in TABS], "goal": goal, "fields": state.pairs("goal"),
        "conversions": found.conversions, "revenue": write("revenue", found.revenue, state.site.currency) if money else "",
        "paths": [(" → ".join(display(by, t) or "None" for t in touches), number) for touches, number in found.paths[:8]],
        "query": state.address()[1:],
    }  # fmt: skip
