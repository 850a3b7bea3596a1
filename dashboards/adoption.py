"""Feature adoption: who uses a feature, of all who were active."""

from typing import Any

from analytics.queries import explorer, trends
from analytics.queries import query as core
from analytics.queries.people import Scope, Selector
from analytics.queries.trends import Series, Trends
from analytics.saved.preferences import get_preferences
from dashboards.charts.lines import Line, lines
from dashboards.funnel import PASSIVE
from dashboards.names import compact, percent
from dashboards.panel import panel
from dashboards.sheet import Sheet, name, num, show
from dashboards.state import State

EMPTY = (
    "No feature was used",
    'A feature is an event of your own, as in footfall("event", "export"). Nothing but page views and measurements arrived'
    " in this period.",
)
NOT_FEATURES = (*PASSIVE, "click", "rage_click", "dead_click", "error", "api_error", "identify", "experiment_exposure")


def features(state: State, scope: Scope) -> list[str]:
    """Those named in the settings, else the commonest events that somebody meant."""
    named = get_preferences(state.site).engagement.get("feature_events") or []
    found = [kind for kind in explorer.get_event_names(scope) if kind not in NOT_FEATURES]
    return [*dict.fromkeys(named or found)][:6]


@panel("dashboards/panels/sheet.html")
def view(state: State, **_: str) -> dict[str, Any]:
    scope = Scope(state.site.pk, state.dates, state.filters)
    names = features(state, scope)
    if not names:
        return show(state, Sheet("Feature adoption", empty=EMPTY))
    step = "day" if state.dates.days <= 45 else "week"
    asked = Trends(scope, tuple(Series(Selector(event=kind), "people") for kind in names), step)
    found = trends.run(asked, state.now, "product.adoption")
    active = core.run(state.query(("visitors",), (step,)), state.now, "product.adoption")
    everybody = active.totals[0]
    shares = [
        Line(
            kind,
            [
                None if v is None or not row.metrics[0] else round(100 * v / row.metrics[0], 2)
                for v, row in zip(line.values, active.rows, strict=True)
            ],
        )
        for kind, line in zip(names, found.lines, strict=True)
    ]
    used = sorted(zip(names, found.lines, strict=True), key=lambda pair: -(pair[1].total or 0))
    rows = [
        [
            name(kind, state.address(extra=(("series", kind), ("measure", "people")))),
            num(compact(line.total or 0), raw=line.total),
            num(compact(everybody), raw=everybody),
            num(percent(100 * (line.total or 0) / everybody if everybody else None)),
        ]
        for kind, line in used
    ]
    sheet = Sheet(
        "Feature adoption",
        ["Feature", "People who used it", "Active people", "Adoption"],
        rows,
        empty=EMPTY,
        figure=lines(found.buckets, shares, "%", sum(found.partial)),
        hint="People with the event / active people",
    )
    return show(state, sheet, ("trends", {"series": [{"event": kind, "measure": "people"} for kind in names]}))
