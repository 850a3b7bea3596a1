"""What campaigns cost and bring."""

from decimal import Decimal
from typing import Any

from django.urls import reverse

from analytics.queries import attribution
from analytics.queries import money as core
from analytics.queries.people import Scope
from analytics.saved.resolve import selector_of_site
from analytics.saved.spend import get_spend
from dashboards import apart
from dashboards.names import NONE, compact, write
from dashboards.panel import panel
from dashboards.sheet import Cell, Field, Sheet, name, num, show
from dashboards.state import State

EMPTY = (
    "No campaign in this period",
    "Links with utm_campaign make one. Enter or import what it cost to see CAC, ROAS and ROI.",
)


def row_of(state: State, one: core.Campaign, title: str, href: str) -> list[Cell]:
    def money(value: Decimal | None) -> Cell:
        return num(write("revenue", value, state.site.currency), raw=value)

    kind = "" if one.roi is None else "good" if one.roi >= 0 else "bad"
    return [
        name(title, href), num(compact(one.sessions), raw=one.sessions), money(one.spend) if one.spend else num("–"),
        num(f"{one.conversions:,.1f}".removesuffix(".0"), raw=one.conversions), money(one.revenue),
        num(f"{one.new_customers:,.1f}".removesuffix(".0"), raw=one.new_customers), money(one.cac),
        num("–" if one.roas is None else f"{one.roas:.2f}", raw=one.roas),
        num("–" if one.roi is None else f"{100 * one.roi:+.0f}%", kind=kind, raw=one.roi),
    ]  # fmt: skip


@panel("dashboards/panels/sheet.html")
def view(state: State, **_: str) -> dict[str, Any]:
    model, goal = state.value("model", "last_touch"), state.value("goal", "purchase")
    model = model if model in attribution.MODELS else "last_touch"
    scope = Scope(state.site.pk, state.dates, state.filters)
    left_out = apart.begin_text(state)
    rows, total = core.run(scope, get_spend(state.site, state.dates), model, selector_of_site(state.site, goal, "goal"))
    shown = [
        row_of(state, one, one.name or NONE, state.toggled("utm_campaign", one.name)) for one in rows[: state.most(40)]
    ]
    everything = [row_of(state, total, "All", "")] if rows else []
    sheet = Sheet(
        "Campaigns: spend and return",
        ["Campaign", "Sessions", "Spend", "Conversions", "Revenue", "New customers", "CAC", "ROAS", "ROI"],
        [*everything, *shown],
        empty=EMPTY,
        next=None if state.is_guest else ("Build a campaign link", reverse("builder", args=[state.site.pk])),
        note=(
            "CAC: spend per new customer. ROAS: revenue / spend. ROI: what is left of the revenue"
            f" after the spend, by the spend. {left_out()} {apart.spend_text_of(state)}"
        ).strip(),
        fields=[
            Field("model", "Attribution", model, list(attribution.MODELS.items())),
            Field("goal", "Conversion", goal, hint="event, or /page*"),
        ],
        links=[] if state.is_guest else [("Enter spend", reverse("spend", args=[state.site.pk]))],
    )
    return show(state, sheet, ("campaigns", {"model": model, "goal": goal}))
