"""User flow: where people go from the start of their session, from a page, or on the way to one."""

from typing import Any

from analytics.queries import paths as core
from analytics.queries.people import Scope
from dashboards.charts import flow
from dashboards.names import compact
from dashboards.panel import panel
from dashboards.state import State

STEPS, EDGES = 4, 500


@panel("dashboards/panels/flow.html")
def view(state: State, **_: str) -> dict[str, Any]:
    start, end = state.value("start"), state.value("end")
    asked = core.Paths(
        Scope(state.site.pk, state.dates, state.filters),
        start=start,
        end="" if start else end,
        steps=STEPS,
        edges=EDGES,
    )
    found = core.run(asked, "product.flow")
    return {
        "picture": flow.picture(flow.gathered(found.edges), STEPS) if found.edges else None,
        "edges": sorted(found.edges, key=lambda e: (-e.sessions, e.step))[:60],
        "sessions": compact(found.sessions),
        "hidden": found.hidden,
        "start": start,
        "end": end,
        "fields": state.pairs("start", "end"),
        "cleared": state.address(extra=tuple(pair for pair in state.extra if pair[0] not in ("start", "end"))),
    }
