"""Errors of the pages, alike ones together."""

from typing import Any

from analytics.queries import errors as core
from analytics.queries.people import Scope
from dashboards.names import compact
from dashboards.panel import panel
from dashboards.state import State

SHOWN = 20


def spark(trend: list[int]) -> str:
    """A polyline of 100 x 20."""
    most, width = max([*trend, 1]), max(1, len(trend) - 1)
    return " ".join(f"{100 * i / width:.1f},{19 - 18 * value / most:.1f}" for i, value in enumerate(trend))


@panel("dashboards/panels/errors.html")
def view(state: State, **_: str) -> dict[str, Any]:
    found = core.run(Scope(state.site.pk, state.dates, state.filters), state.most(50), "product.errors")
    real, apart = [group for group in found if not group.apart], [group for group in found if group.apart]
    local = [
        (
            group,
            compact(group.errors),
            compact(group.people),
            group.first_seen.astimezone(state.zone),
            group.last_seen.astimezone(state.zone),
            spark(group.trend),
        )
        for group in real[:SHOWN]
    ]
    table = [
        [g.kind, g.message, g.frame, g.errors, g.people, g.sessions, g.first_seen.isoformat(), g.last_seen.isoformat()]
        for g in found
    ]
    return {
        "groups": local,
        "more": max(0, len(real) - SHOWN),
        "apart": apart,
        "apart_errors": sum(group.errors for group in apart),
        "table": (["type", "message", "frame", "errors", "people", "sessions", "first_seen", "last_seen"], table),
        "api": ("errors", {}),
    }
