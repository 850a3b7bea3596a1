"""New, returning, resurrecting and dormant people."""

from typing import Any

from analytics.queries import lifecycle as core
from dashboards.charts.lines import Line, columns
from dashboards.names import compact
from dashboards.panel import panel
from dashboards.sheet import Sheet, name, num, show
from dashboards.state import State, day_text

EMPTY = ("Nobody is known", "Lifecycle needs people who can be known again: with consent, or identified.")


@panel("dashboards/panels/sheet.html")
def view(state: State, **_: str) -> dict[str, Any]:
    interval = "day" if state.dates.days <= 31 else "week" if state.dates.days <= 200 else "month"
    stages = core.run(state.site.pk, state.dates, interval, state.filters, state.now)
    parts = {
        "New": [s.new for s in stages],
        "Returning": [s.returning for s in stages],
        "Resurrecting": [s.resurrecting for s in stages],
        "Dormant": [-s.dormant for s in stages],
    }
    found = any(any(values) for values in parts.values())
    figure = columns(
        [s.first.isoformat() for s in stages], [Line(title, values) for title, values in parts.items()],
        partial=(running := sum(not s.complete for s in stages)),
    )  # fmt: skip
    rows = [
        [
            name(day_text(s.first) + ("" if s.complete else " (not over)")),
            *(num(compact(n), raw=n) for n in (s.new, s.returning, s.resurrecting, s.dormant)),
        ]
        for s in reversed(stages)
    ]  # fmt: skip
    sheet = Sheet(
        "Lifecycle",
        [interval.capitalize(), *parts],
        rows if found else [],
        figure=figure if found else None,
        empty=EMPTY,
        table_open=False,
        hint=f"People by {interval}{'; pale: not over yet' if running else ''}",
        note="Dormant: there in the one before, and not in this one.",
    )
    return show(state, sheet, ("lifecycle", {"interval": interval}))
