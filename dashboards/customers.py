"""New against returning customers."""

from typing import Any

from analytics.queries import customers as core
from analytics.queries.people import Scope
from dashboards.apart import begin_text
from dashboards.charts.lines import Line, columns
from dashboards.names import compact, write
from dashboards.panel import panel
from dashboards.sheet import Sheet, name, num, show
from dashboards.state import State

EMPTY = ("No purchase in this period", "Purchases arrive as events of the type purchase, with revenue and order_id.")


@panel("dashboards/panels/sheet.html")
def view(state: State, **_: str) -> dict[str, Any]:
    step = "day" if state.dates.days <= 31 else "week" if state.dates.days <= 200 else "month"
    left_out = begin_text(state)
    found = core.run(Scope(state.site.pk, state.dates, state.filters), step, state.now, "marketing.customers")
    when = [bucket.start for bucket in found.buckets]
    figure = columns(
        when,
        [
            Line("New", [bucket.new.customers for bucket in found.buckets]),
            Line("Returning", [bucket.returning.customers for bucket in found.buckets]),
        ],
        partial=(running := sum(not bucket.complete for bucket in found.buckets)),
    )
    rows = [
        [
            name(title),
            num(compact(sales.customers), f"{sales.customers:,}", raw=sales.customers),
            num(compact(sales.orders), raw=sales.orders),
            num(write("revenue", sales.revenue, state.site.currency), raw=sales.revenue),
            num(write("revenue", sales.revenue / sales.orders if sales.orders else None, state.site.currency)),
        ]
        for title, sales in (("New", found.new), ("Returning", found.returning))
    ]
    any_sale = found.new.orders + found.returning.orders
    note = f"New: their first purchase ever lies in the period, in the chart in the bucket. {left_out()}"
    sheet = Sheet(
        "New and returning customers", ["Customers", "People", "Orders", "Revenue", "Per order"], rows if any_sale else [],
        figure=figure if any_sale else None, empty=EMPTY,
        hint=f"Customers by {step}{'; pale: not over yet' if running else ''}",
        note=note if any_sale else "",
    )  # fmt: skip
    return show(state, sheet, ("customers", {"interval": step}))
