"""The site's goals: who reached them, how often, and what that is of all visitors."""

from dataclasses import replace
from typing import Any

from django.urls import reverse

from analytics.queries import goals as core
from analytics.queries.people import Scope
from analytics.saved.resolve import goal_selector
from dashboards.names import compact, percent, write
from dashboards.panel import panel
from dashboards.sheet import Sheet, name, num, show
from dashboards.state import State

NO_GOALS = (
    "No goal yet",
    "A goal is a page, an event, a scroll depth or a purchase that you want people to reach."
    " Add one to see its conversion rate.",
)


@panel("dashboards/panels/sheet.html")
def view(state: State, **_: str) -> dict[str, Any]:
    wanted = [goal_selector(goal) for goal in state.site.goals.all()[:30]]
    scope = Scope(state.site.pk, state.dates, state.filters)
    finish, earlier = core.begin(scope, wanted, state.now, "executive.goals"), None
    if state.compared:
        earlier = core.begin(replace(scope, period=state.compared), wanted, state.now, "executive.goals")
    found, before = finish(), {one.name: one for one in earlier()} if earlier else {}
    money = any(one.revenue for one in found)
    rows = []
    for one in found:
        was = before.get(one.name)
        change = "" if was is None or was.rate is None else f"{percent(was.rate)} before"
        row = [
            name(one.name),
            num(compact(one.people), f"{one.people:,}", raw=one.people),
            num(compact(one.conversions), raw=one.conversions),
            num(percent(one.rate), change, raw=one.rate),
        ]
        rows.append(
            [*row, num(write("revenue", one.revenue or None, state.site.currency), raw=one.revenue)] if money else row
        )
    heads = ["Goal", "People", "Conversions", "Rate", *(["Revenue"] if money else [])]
    address = reverse("goals", args=[state.site.pk])
    links = [("Edit", address)] if rows and not state.is_guest else []
    first = None if state.is_guest else ("Add a goal", address)
    return show(state, Sheet("Goals", heads, rows, empty=NO_GOALS, links=links, next=first), ("conversions", {}))
