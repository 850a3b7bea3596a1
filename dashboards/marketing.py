"""The marketing dashboard: its page, and attribution; the other panels are modules of their own."""

from typing import Any

from analytics.queries import attribution as core
from analytics.queries.dimensions import DIMENSIONS
from analytics.queries.people import Scope
from analytics.saved.resolve import selector_of_site
from dashboards.apart import begin_text
from dashboards.door import Door
from dashboards.names import display, write
from dashboards.page import page
from dashboards.panel import panel
from dashboards.state import State

TABS = ("channel", "source", "utm_campaign", "utm_medium")
SHORT = {
    "last_touch": "Last touch", "last_non_direct": "Last non-direct", "first_touch": "First touch", "linear": "Linear",
    "position_based": "40/20/40", "time_decay": "Time decay", "data_driven": "Data-driven",
}  # fmt: skip


UPPER = (
    ("channels-over-time", "Channels over time", "panel-channels"),
    ("campaigns-spend-and-return", "Campaigns: spend and return", "panel-campaigns"),
    ("attribution", "Attribution", "panel-attribution"),
)
LOWER = (
    ("new-and-returning-customers", "New and returning customers", "panel-customers"),
    ("lifetime-value", "Lifetime value", "panel-ltv"),
    ("searches-on-the-site", "Searches on the site", "panel-searches"),
)


@page("dashboards/marketing.html")
def view(door: Door, state: State) -> dict[str, Any]:
    return {"upper": UPPER, "lower": LOWER, "jumps": UPPER + LOWER}


@panel("dashboards/panels/attribution.html")
def attribution(state: State, tab: str = "", **_: str) -> dict[str, Any]:
    by, goal = tab if tab in TABS else TABS[0], state.value("goal", "purchase")
    wanted = core.Attribution(
        Scope(state.site.pk, state.dates, state.filters), selector_of_site(state.site, goal, "goal"), by
    )
    left_out = begin_text(state)
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
    table = [
        [
            display(by, row.value),
            row.touches,
            *(value for name in SHORT for value in (row.credits[name].conversions, row.credits[name].revenue)),
        ]
        for row in found.rows
    ]
    return {
        "table": ([by, "sessions", *(f"{name} {part}" for name in SHORT for part in ("conversions", "revenue"))], table),
        "api": ("attribution", {"by": by, "goal": goal}),
        "label": DIMENSIONS[by].label, "rows": rows, "models": [(SHORT[name], title) for name, title in core.MODELS.items()],
        "tabs": [(name, DIMENSIONS[name].label, name == by) for name in TABS], "goal": goal, "fields": state.pairs("goal"),
        "conversions": found.conversions, "revenue": write("revenue", found.revenue, state.site.currency) if money else "",
        "paths": [(" → ".join(display(by, t) or "None" for t in touches), number) for touches, number in found.paths[:8]],
        "query": state.address()[1:], "apart": left_out(),
    }  # fmt: skip
