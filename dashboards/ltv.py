"""Lifetime value, observed; and apart from it the forecast."""

from typing import Any

from analytics.queries import forecast
from analytics.queries import ltv as core
from analytics.queries.ltv import Ltv
from analytics.queries.people import Scope
from dashboards.apart import begin_text
from dashboards.names import compact, display, write
from dashboards.panel import panel
from dashboards.sheet import Field, Sheet, name, num, show
from dashboards.state import State

DAYS = (0, 7, 30, 60, 90, 180)
BY = {
    "cohort": "Month of the start",
    "channel": "Channel",
    "source": "Source",
    "utm_campaign": "Campaign",
    "country": "Country",
    "device_type": "Device",
}
EMPTY = (
    "Nobody is known",
    "Lifetime value needs people who can be known again (with consent, or identified) and purchases with revenue.",
)


def ahead_text(ahead: forecast.Forecast, currency: str) -> str:
    if ahead.value is None:
        return ahead.reason
    worth = write("revenue", ahead.value, currency)
    return (
        f"Forecast (BG/NBD and Gamma-Gamma, from {ahead.customers:,} customers): in the next {ahead.days} days a customer"
        f" buys {ahead.purchases:.2f} times more and brings {worth}. A model's guess, not an observation."
    )


@panel("dashboards/panels/sheet.html")
def view(state: State, **_: str) -> dict[str, Any]:
    by, of = state.value("ltv", "cohort"), state.value("cohort", "people")
    by, of = by if by in BY else "cohort", of if of in ("people", "customers") else "people"
    scope, currency = Scope(state.site.pk, state.dates, state.filters), state.site.currency
    left_out = begin_text(state)
    found = core.run(Ltv(scope, by, "month", of, DAYS), state.now, "marketing.ltv")
    ahead = forecast.run(scope, 90, state.now)
    rows = []
    for row in found[: state.most(30)]:
        title = row.value[:7] if by == "cohort" else display(by, row.value)
        cells = [
            num(
                write("revenue", value, currency),
                "" if complete else "not everybody has had these days yet",
                "" if complete else "running",
                raw=value,
            )
            for value, complete in zip(row.values, row.complete, strict=True)
        ]
        rows.append(
            [
                name(title),
                num(compact(row.people), raw=row.people),
                num(compact(row.customers), raw=row.customers),
                *cells,
            ]
        )
    sheet = Sheet(
        "Lifetime value",
        [BY[by], "People", "Customers", "First day", *(f"{n} days" for n in DAYS[1:])],
        rows,
        empty=EMPTY,
        hint="Observed revenue per person after so many days; hatched: not everybody has had them",
        fields=[
            Field("ltv", "By", by, list(BY.items())),
            Field(
                "cohort",
                "Of",
                of,
                (
                    ("people", "all people, from their first visit"),
                    ("customers", "customers, from their first purchase"),
                ),
            ),
        ],
        note="Counts people who are known again: identified, or with consent."
        f" {ahead_text(ahead, currency)} {left_out()}"
        if rows
        else "",
    )
    return show(state, sheet, ("ltv", {"by": by, "of": of, "days": list(DAYS), "forecast_days": 90}))
