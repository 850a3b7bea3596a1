"""The engagement score by week, its formula beside it."""

from typing import Any

from django.urls import reverse

from analytics.queries import engagement as core
from analytics.queries.people import Scope
from analytics.saved.preferences import get_formula
from dashboards.charts.lines import Line, lines
from dashboards.names import compact
from dashboards.panel import panel
from dashboards.sheet import Sheet, name, num, show
from dashboards.state import State, day_text

NOBODY = (
    "Nobody is known",
    "The score is of people who can be known again: with consent, or identified. Without, a visitor is a new hash each day.",
)


@panel("dashboards/panels/sheet.html")
def view(state: State, **_: str) -> dict[str, Any]:
    formula = get_formula(state.site)
    weeks = core.run(Scope(state.site.pk, state.dates, state.filters), formula, state.now)
    known = [week for week in weeks if week.people]
    heads = ["Week", "Score", "People", *(label.capitalize() for label, *_ in core.PARTS.values())]
    rows = [
        [
            name(f"{day_text(week.first)}{'' if week.complete else ' (not over)'}"), num(f"{week.score:.1f}", raw=week.score),
            num(compact(week.people), raw=week.people), *(num(f"{part:.1f}", raw=part) for part in week.parts),
        ]
        for week in reversed(known)
    ]  # fmt: skip
    when = [week.first.isoformat() for week in weeks]
    figure = lines(when, [Line("Score", [week.score for week in weeks])], partial=sum(not w.complete for w in weeks))
    sheet = Sheet(
        "Engagement score",
        heads,
        rows,
        figure=figure if len(known) > 1 else None,
        empty=NOBODY,
        note=f"Per person and week: {formula.text}",
        hint=f"{known[-1].score:.0f} of 100" if known else "",
        table_open=len(known) < 2,
        links=[] if state.is_guest else [("Edit the formula", reverse("engagement-settings", args=[state.site.pk]))],
    )
    return show(state, sheet, ("engagement", {}))
