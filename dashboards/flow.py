"""User flow: where people go from the start of their session, from a page, or on the way to one."""

from collections.abc import Sequence
from typing import Any

from analytics.queries import paths as core
from analytics.queries.people import Scope
from analytics.saved.preferences import get_cleaning
from dashboards.charts import flow
from dashboards.names import compact
from dashboards.panel import panel
from dashboards.state import State

STEPS, EDGES = 4, 500


def busiest(edges: Sequence[core.Edge]) -> list[str]:
    """The path that most sessions take from page to page: what becomes a funnel with one click."""
    path: list[str] = []
    for step in range(1, STEPS):
        fits = [
            e
            for e in edges
            if e.step == step
            and e.source.startswith("/")
            and e.target.startswith("/")
            and e.target not in path
            and (not path or e.source == path[-1])
        ]
        if not fits:
            break
        best = max(fits, key=lambda e: e.sessions)
        path = [*(path or [best.source]), best.target]
    return path


@panel("dashboards/panels/flow.html")
def view(state: State, **_: str) -> dict[str, Any]:
    start, end = state.value("start"), state.value("end")
    asked = core.Paths(
        Scope(state.site.pk, state.dates, state.filters),
        start=start,
        end="" if start else end,
        steps=STEPS,
        edges=EDGES,
        cleaning=get_cleaning(state.site),
    )
    kept = tuple(pair for pair in state.extra if pair[0] != "step")
    found = core.run(asked, "product.flow")
    return {
        "picture": flow.picture(flow.gathered(found.edges), STEPS) if found.edges else None,
        "funnel": state.address(extra=(*kept, *(("step", page) for page in busiest(found.edges))))
        if found.edges
        else "",
        "table": (
            ["step", "from", "to", "sessions", "people", "median_seconds"],
            [[e.step, e.source, e.target, e.sessions, e.people, e.median_seconds] for e in found.edges],
        ),
        "api": (
            "paths",
            {
                "start": start,
                "end": "" if start else end,
                "steps": STEPS,
                "edges": EDGES,
                "cleaning": [{"pattern": rule.pattern, "to": rule.to} for rule in asked.cleaning],
            },
        ),
        "edges": sorted(found.edges, key=lambda e: (-e.sessions, e.step))[:60],
        "sessions": compact(found.sessions),
        "hidden": found.hidden,
        "start": start,
        "end": end,
        "fields": state.pairs("start", "end"),
        "cleared": state.address(extra=tuple(pair for pair in state.extra if pair[0] not in ("start", "end"))),
    }
