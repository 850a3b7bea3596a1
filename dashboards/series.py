"""The chart of the chosen metric over the period."""

from datetime import datetime
from typing import Any

from analytics.queries import query as core
from analytics.queries.metrics import METRICS
from dashboards.charts import series as chart
from dashboards.charts.series import Point
from dashboards.headline import SHOWN
from dashboards.names import exact
from dashboards.panel import panel
from dashboards.state import State


def label(start: str, step: str) -> str:
    when = datetime.fromisoformat(start)
    if step in ("hour", "minute"):
        return f"{when:%a} {when.day} {when:%b, %H:%M}"
    if step == "month":
        return f"{when:%B %Y}"
    return f"{'Week of ' if step == 'week' else ''}{when:%a} {when.day} {when:%b %Y}"


def points(state: State, metric: str) -> list[Point]:
    result = core.run(state.query((metric,), (state.step,), compare=True), state.now, "executive.series")
    made = []
    for row in result.rows:
        value = row.metrics[0]
        before = row.comparison[0] if row.comparison else None
        ahead = row.partial and datetime.fromisoformat(row.dimensions[0]).replace(tzinfo=None) > wall_clock(state)
        made.append(
            Point(
                row.dimensions[0][:16], label(row.dimensions[0], state.step), None if ahead else value,
                exact(metric, value), row.partial, before, exact(metric, before),
            )
        )  # fmt: skip
    return made


def wall_clock(state: State) -> datetime:
    return state.now.astimezone(state.zone).replace(tzinfo=None)


@panel("dashboards/panels/series.html")
def view(state: State, **_: str) -> dict[str, Any]:
    metric = state.metric if state.metric in SHOWN else "visitors"
    found = points(state, metric)
    return {
        "figure": chart.figure(found, METRICS[metric].unit),
        "points": found,
        "metric": METRICS[metric],
        "steps": [(name, state.address(interval=name), name == state.step) for name in state.steps],
        "has_data": any(p.value for p in found),
    }
