"""Channels over time."""

from typing import Any

from analytics.queries import query as core
from analytics.queries.calendar import get_buckets, label_of
from analytics.queries.metrics import METRICS
from dashboards.charts.lines import Line, lines
from dashboards.names import display, write
from dashboards.panel import panel
from dashboards.sheet import Field, Sheet, name, num, show
from dashboards.state import State

CHOICES = ("visitors", "sessions", "bounce_rate", "session_duration", "conversions", "conversion_rate", "revenue")
MOST = 6


@panel("dashboards/panels/sheet.html")
def view(state: State, **_: str) -> dict[str, Any]:
    metric = state.value("measure", "visitors")
    metric = metric if metric in CHOICES else "visitors"
    step = "day" if state.dates.days <= 45 else "week" if state.dates.days <= 400 else "month"
    metrics = tuple(dict.fromkeys((metric, "visitors")))
    totals = core.get_rows(state.query(metrics, ("channel",), limit=20), state.now, "marketing.channels")
    shown = [row.dimensions[0] for row in totals][:MOST]
    found = core.get_rows(state.query((metric,), ("channel", step), limit=5000), state.now, "marketing.channels")
    starts = get_buckets(state.dates, step)
    buckets = [label_of(start, step, state.zone) for start in starts]
    partial = sum(end > state.now for end in [*starts[1:], state.dates.end])
    values = {tuple(row.dimensions): row.metrics[0] for row in found}
    zero = 0 if METRICS[metric].unit in ("count", "money") else None
    drawn = [
        Line(
            display("channel", channel),
            [float(v) if (v := values.get((channel, bucket), zero)) is not None else None for bucket in buckets],
        )
        for channel in shown
    ]
    rows = [
        [
            name(display("channel", row.dimensions[0]), state.toggled("channel", row.dimensions[0])),
            num(write(metric, row.metrics[0], state.site.currency), raw=row.metrics[0]),
        ]
        for row in totals
    ]
    sheet = Sheet(
        "Channels over time",
        ["Channel", METRICS[metric].label],
        rows,
        figure=lines(buckets, drawn, "%" if METRICS[metric].unit == "percent" else "", partial) if rows else None,
        fields=[Field("measure", "Figure", metric, [(key, METRICS[key].label) for key in CHOICES])],
    )
    return show(state, sheet, ("query", {"metrics": [metric], "dimensions": ["channel", step]}))
