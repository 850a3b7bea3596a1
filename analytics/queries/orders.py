"""An order id counts once, where it came first (semantics.md, Money): also where another person or another day repeats it."""

from datetime import UTC, datetime, time, timedelta

from analytics.queries.conditions import Bound
from analytics.queries.store import cached, fill, moment

FEW = 200  # above it a statement looks for them itself: to take along and read a long list costs more
KEY = "cityHash64(e.event_id_low, e.event_id_mid, e.event_id_gap)"


def repeated_of(site_id: int, end: str, bound: Bound) -> str:
    """Whether a row of events `e` is an order once more; `end`: where what is asked ends. Mostly there are none or a few.
    What is later does not matter to what is earlier, so that a period and the one before it ask the same."""
    end = max(end, moment(datetime.combine(datetime.now(UTC).date() + timedelta(days=2), time(), UTC)))
    probe = fill("order_repeats", end="{end:DateTime64(3, 'UTC')}", limit="LIMIT {most:UInt32}")
    found = cached(probe, {"site": site_id, "end": end, "most": FEW + 1}, "orders")
    if not found:
        return "false"
    if len(found) > FEW:
        ids = fill("order_repeats", end=bound.add(end, "DateTime64(3, 'UTC')"), limit="")
    else:
        ids = bound.add([key for (key,) in found], "Array(UInt64)")
    return f"(e.order_id != '' AND e.event_type IN ('purchase', 'refund') AND {KEY} IN ({ids}))"
