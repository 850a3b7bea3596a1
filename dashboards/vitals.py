"""How fast pages are, by page, device, country …"""

from typing import Any

from django.urls import reverse

from analytics.queries import vitals as core
from analytics.queries.people import Scope
from dashboards.names import compact, display
from dashboards.panel import panel
from dashboards.sheet import Cell, Sheet, name, num, show
from dashboards.state import State

TABS = {"path": "Pages", "device_type": "Devices", "country": "Countries", "browser": "Browsers"}
KINDS = {"good": "good", "needs work": "warn", "poor": "bad", "": ""}
EMPTY = ("No measurement yet", "The script measures pages where “Page performance” is switched on in the settings.")


def vital_text(which: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if which == "cls" else f"{value / 1000:.2f} s" if value >= 1000 else f"{value:.0f} ms"


def cell_of(which: str, vital: core.Vital) -> Cell:
    told = f"p50 {vital_text(which, vital.p50)}, p75 {vital_text(which, vital.p75)}, p95 {vital_text(which, vital.p95)}"
    title = (
        f"{told}; {vital.samples:,} samples, {vital.good or 0:.0f}% good, {vital.poor or 0:.0f}% poor"
        if vital.p75 is not None
        else f"{vital.samples:,} samples; 50 are needed"
    )
    shown = f"{vital_text(which, vital.p75)} {vital.rating}".strip() if vital.p75 is not None else "–"
    note = f"{vital_text(which, vital.p50)} to {vital_text(which, vital.p95)}" if vital.p75 is not None else ""
    return Cell(shown, title, f"num {KINDS[vital.rating]}", raw=vital.p75, note=note)


@panel("dashboards/panels/sheet.html")
def view(state: State, tab: str = "", **_: str) -> dict[str, Any]:
    by = tab if tab in TABS else "path"
    every, rows = core.run(Scope(state.site.pk, state.dates, state.filters), by, state.most(20), "product.vitals")
    any_sample = any(vital.samples for vital in every.vitals.values())
    base = f"{reverse('panel-vitals', args=[state.site.pk])}{state.address()}"
    shown = (
        [("All", every, ""), *((display(by, row.value), row, state.toggled(by, row.value)) for row in rows)]
        if any_sample
        else []
    )
    sheet = Sheet(
        "Page performance",
        [TABS[by][:-1] if by != "country" else "Country", "Samples", *(which.upper() for which in core.THRESHOLDS)],
        [
            [
                name(title, href),
                num(compact(row.vitals["lcp"].samples), raw=row.vitals["lcp"].samples),
                *(cell_of(which, vital) for which, vital in row.vitals.items()),
            ]
            for title, row, href in shown
        ],
        hint="75th percentile; below it the median to the 95th; nothing below 50 samples",
        empty=EMPTY,
        tabs=[(title, f"{base}&tab={key}", key == by) for key, title in TABS.items()],
    )
    if any_sample:
        heads = [
            TABS[by],
            *(f"{which} {part}" for which in core.THRESHOLDS for part in ("samples", "p50", "p75", "p95")),
        ]
        body = [
            [
                title,
                *(value for vital in row.vitals.values() for value in (vital.samples, vital.p50, vital.p75, vital.p95)),
            ]
            for title, row, _ in shown
        ]
        return show(state, sheet, ("vitals", {"by": by})) | {"table": (heads, body)}
    return show(state, sheet, ("vitals", {"by": by}))
