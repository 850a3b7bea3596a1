"""Explore any event: its types, its properties, their values."""

from typing import Any

from django.urls import reverse

from analytics.queries import explorer as core
from analytics.queries.dimensions import BadQuery
from analytics.queries.people import Scope
from analytics.saved.resolve import selector_of_site
from dashboards.names import compact
from dashboards.panel import panel
from dashboards.sheet import Cell, Field, Sheet, name, num, show
from dashboards.state import State


@panel("dashboards/panels/sheet.html")
def view(state: State, **_: str) -> dict[str, Any]:
    scope, event = Scope(state.site.pk, state.dates, state.filters), state.value("event")
    links = [] if state.is_guest else [("Define an event", reverse("defined-events", args=[state.site.pk]))]
    kinds = core.get_event_types(scope)
    defined = list(state.site.defined_events.values_list("name", flat=True))
    field = Field("event", "Event", event, suggestions=[*(kind.name for kind in kinds), *defined], hint="all of them")
    if event and scope.filters and not state.sees_people:
        raise BadQuery(
            "filters", "without a role that sees people, properties are shown of everybody: take the filters away"
        )
    if event:
        found = core.get_properties(scope, selector_of_site(state.site, event, "event"))
        rows = [
            [
                name(
                    one.name,
                    state.address(extra=(("series", event), ("measure", "events"), ("breakdown", f"props.{one.name}"))),
                ),
                num(compact(one.events), raw=one.events),
                num(compact(one.distinct), raw=one.distinct),
                Cell(", ".join(f"{value} ({count:,})" for value, count in one.examples), kind="name"),
            ]
            for one in found
        ]
        sheet = Sheet(
            "Event explorer",
            ["Property", "Events", "Values", "Commonest"],
            rows,
            hint=f"Properties of {event}",
            fields=[field],
            links=links,
            empty=("No property", f"{event} has none in this period, or did not happen."),
        )
        return show(state, sheet)
    without = tuple(pair for pair in state.extra if pair[0] != "event")
    rows = [
        [
            name(kind.name, state.address(extra=(*without, ("event", kind.name))) + "#event-explorer"),
            num(compact(kind.events), raw=kind.events),
            num(compact(kind.people), raw=kind.people),
            num(f"{kind.last_seen.astimezone(state.zone):%d %b %H:%M}"),
        ]
        for kind in kinds[: state.most(40)]
    ]
    sheet = Sheet(
        "Event explorer",
        ["Event", "Events", "People", "Last seen"],
        rows,
        fields=[field],
        links=links,
        hint="Choose one to see its properties",
    )
    return show(state, sheet, ("query", {"metrics": ["events", "visitors"], "dimensions": ["event_type"]}))
