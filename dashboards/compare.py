"""Up to five segments side by side, on every page in the figures that the page is about."""

from dataclasses import replace
from typing import Any

from analytics.queries import activity, funnel, retention
from analytics.queries import query as core
from analytics.queries.dimensions import BadQuery
from analytics.queries.metrics import METRICS
from analytics.queries.people import Scope
from analytics.saved.resolve import selector_of_site
from dashboards.charts.lines import Line, lines
from dashboards.names import compact, display, exact, percent, write
from dashboards.panel import panel
from dashboards.sheet import Cell, Sheet, name, num, show
from dashboards.state import State

FIGURES = {
    "executive": (
        "visitors",
        "sessions",
        "pageviews",
        "views_per_session",
        "bounce_rate",
        "session_duration",
        "conversions",
        "conversion_rate",
        "revenue",
    ),
    "product": ("visitors", "users", "events", "sessions", "error_rate", "lcp_p75"),
    "marketing": ("visitors", "sessions", "conversions", "conversion_rate", "revenue", "average_order_value"),
}


def one_by_one(state: State) -> list[State]:
    """The state of each segment by itself."""
    rest = tuple(pair for pair in state.extra if pair[0] != "segment")
    return [replace(state, extra=(*rest, ("segment", str(segment.pk)))) for segment in state.segments]


def figures(state: State, parts: list[State], page: str) -> list[list[Cell]]:
    metrics = FIGURES[page]
    results = [core.run(part.query(metrics), state.now, f"{page}.compare").totals for part in parts]
    currency = state.site.currency
    return [
        [
            name(METRICS[metric].label),
            *(
                num(write(metric, values[i], currency), exact(metric, values[i], currency), raw=values[i])
                for values in results
            ),
        ]
        for i, metric in enumerate(metrics)
    ]


def people_rows(state: State, parts: list[State]) -> list[list[Cell]]:
    found = [activity.run(state.site.pk, state.dates, state.now, part.filters) for part in parts]
    return [
        [name("Daily active"), *(num(compact(one.dau), raw=one.dau) for one in found)],
        [name("Monthly active"), *(num(compact(one.mau), raw=one.mau) for one in found)],
    ]


def product_rows(state: State, parts: list[State]) -> list[list[Cell]]:
    back = [retention.get_days_back(state.site.pk, state.dates, state.now, part.filters) for part in parts]
    rows = [[name(f"Day {n} retention"), *(num(percent(one[n]), raw=one[n]) for one in back)] for n in (1, 7, 30)]
    steps = state.values("step")
    if len(steps) > 1:
        chosen = tuple(selector_of_site(state.site, text, "step") for text in steps)
        found = [funnel.run(funnel.Funnel(Scope(state.site.pk, part.dates, part.filters), chosen)) for part in parts]
        rows += [
            [
                name(f"Funnel: {step.label}"),
                *(num(percent(one.steps[i].share_of_first), f"{one.steps[i].people:,} people") for one in found),
            ]
            for i, step in enumerate(chosen)
        ]
    return rows


def marketing_rows(state: State, parts: list[State]) -> list[list[Cell]]:
    found = [
        {
            row.dimensions[0]: row.metrics[0]
            for row in core.get_rows(part.query(("visitors",), ("channel",), limit=8), state.now)
        }
        for part in parts
    ]
    every = sorted({channel for one in found for channel in one}, key=lambda c: -sum(one.get(c, 0) for one in found))
    return [
        [name(f"From {display('channel', c)}"), *(num(compact(one.get(c, 0)), raw=one.get(c, 0)) for one in found)]
        for c in every[:6]
    ]


MORE = {"executive": people_rows, "product": product_rows, "marketing": marketing_rows}


@panel("dashboards/panels/sheet.html")
def view(state: State, page: str, **_: str) -> dict[str, Any]:
    if page not in MORE:
        raise BadQuery("page", f"expected one of {', '.join(MORE)}")
    parts = one_by_one(state)
    metric = state.metric if state.metric in FIGURES[page] else "visitors"
    step = "day" if state.dates.days <= 92 else "week"
    series = [core.get_rows(part.query((metric,), (step,)), state.now, f"{page}.compare") for part in parts]
    when = [row.dimensions[0] for row in series[0]] if series else []
    drawn = [
        Line(segment.name, [None if row.metrics[0] is None else float(row.metrics[0]) for row in rows])
        for segment, rows in zip(state.segments, series, strict=True)
    ]
    rows = figures(state, parts, page) + MORE[page](state, parts)
    sheet = Sheet(
        "Segments side by side",
        ["Figure", *(segment.name for segment in state.segments)],
        rows,
        hint=f"{METRICS[metric].label} by {step}",
        figure=lines(when, drawn, partial=sum(row.partial for row in series[0]) if series else 0),
        note="The rest of this page shows everybody. Keep one segment to see it alone.",
    )
    return show(state, sheet)
