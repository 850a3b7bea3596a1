"""An order id counts once, where it came first (semantics.md, Money): also where another person or another day repeats it."""

from analytics.queries.conditions import Bound
from analytics.queries.store import cached, report

MOST = 20_000  # above it an order counts once for each person and period


def repeated_of(site_id: int, end: str, bound: Bound) -> str:
    """Whether a row of events `e` is an order once more; `end`: where what is asked ends. Mostly there are none or a few."""
    found = cached(report("order_repeats").template, {"site": site_id, "end": end, "most": MOST}, "orders")
    if not found:
        return "false"
    ids = bound.add([key for (key,) in found], "Array(String)")
    key = "toString(tuple(e.event_id_low, e.event_id_mid, e.event_id_gap))"
    return f"(e.order_id != '' AND e.event_type IN ('purchase', 'refund') AND {key} IN {ids})"
