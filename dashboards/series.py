"""The chart of the chosen metric over the period."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.timezone import localtime

from analytics.queries import anomalies
from analytics.queries import query as core
from analytics.queries.calendar import Period
from analytics.queries.metrics import METRICS
from analytics.saved.models import Annotation
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
    made = []
    for row in core.get_rows(state.query((metric,), (state.step,), compare=True), state.now, "executive.series"):
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


@dataclass(frozen=True, slots=True)
class Note:
    when: str
    text: str
    link: str
    label: str


def notes(state: State, found: list[Point]) -> list[Note]:
    """The site's annotations of the period, each at the bucket that holds it."""
    if state.is_guest or not found:
        return []
    rows = Annotation.objects.filter(site=state.site, moment__gte=state.dates.start, moment__lt=state.dates.end)[:50]
    made = []
    for row in rows:
        at = localtime(row.moment, state.zone)
        bucket = max((p.when for p in found if p.when <= at.strftime("%Y-%m-%dT%H:%M")), default=found[0].when)
        made.append(Note(bucket, row.text, row.link, f"{at.day} {at:%b, %H:%M}"))
    return made


def unusual(state: State, metric: str, found: list[Point]) -> dict[int, tuple[float, float]]:
    """Days that are far from the same weekday of the eight weeks before."""
    if state.step != "day":
        return {}
    weeks = timedelta(days=7 * anomalies.WEEKS)
    earlier = Period(state.dates.first - weeks, state.dates.first - timedelta(days=1), state.zone)
    query = replace(state.query((metric,), ("day",)), period=earlier)
    before = core.get_rows(query, datetime.now(UTC), "executive.anomalies")
    history = [None if row.metrics[0] is None else float(row.metrics[0]) for row in before]
    while history and not history[0]:  # the site was not there yet
        history[0:1] = []
    values = [None if p.value is None or p.partial else float(p.value) for p in found]
    return {i - len(history): span for i, span in anomalies.find([*history, *values], len(history)).items()}


def wall_clock(state: State) -> datetime:
    return state.now.astimezone(state.zone).replace(tzinfo=None)


@panel("dashboards/panels/series.html")
def view(state: State, **_: str) -> dict[str, Any]:
    metric = state.metric if state.metric in SHOWN else "visitors"
    found = points(state, metric)
    odd, noted = unusual(state, metric, found), notes(state, found)
    told = [
        (found[i].label, found[i].text, exact(metric, round(low)), exact(metric, round(high)))
        for i, (low, high) in sorted(odd.items())
    ]
    return {
        "figure": chart.figure(found, METRICS[metric].unit, sorted(odd), [(note.when, note.text) for note in noted]),
        "notes": noted,
        "unusual": told,
        "table": (["when", metric, "before"], [[p.when, p.value, p.before] for p in found]),
        "api": ("query", {"metrics": [metric], "interval": state.step, **state.compare_request}),
        "points": found,
        "metric": METRICS[metric],
        "steps": [(name, state.address(interval=name), name == state.step) for name in state.steps],
        "has_data": any(p.value for p in found),
        "has_before": any(p.before for p in found),
        "running": any(p.partial for p in found),
    }
