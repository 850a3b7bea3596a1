"""Every metric, each one clause (semantics.md has the words). SQL text is spliced from here and from dimensions alone."""

from dataclasses import dataclass
from typing import Literal

Source = Literal["events", "sessions"]
PEOPLE = "uniqExact(person)"
PURCHASE, REFUND = "event_type = 'purchase'", "event_type = 'refund'"


@dataclass(frozen=True, slots=True)
class Metric:
    label: str
    source: Source
    sql: str
    unit: Literal["count", "percent", "seconds", "milliseconds", "number", "money"] = "count"
    needs: tuple[str, ...] = ()  # columns of the folded sessions
    up_is_good: bool | None = True
    rollup: str = ""  # the same from traffic_15m, where that can be


def once_per_order(condition: str) -> str:
    """An order id counts once however often it arrives; events without one count each."""
    return (
        f"(sumIf(revenue, {condition} AND order_id = '')"
        f" + arraySum(mapValues(maxMapIf(map(order_id, revenue), {condition} AND order_id != ''))))"
    )


def vital(column: str, label: str) -> Metric:
    """p75 by linear interpolation; none below 50 samples."""
    sql = f"if(count({column}) >= 50, quantileExactInclusive(0.75)({column}), NULL)"
    return Metric(label, "events", sql, "number" if column == "cls" else "milliseconds", up_is_good=False)


ORDERS = f"(countIf({PURCHASE} AND order_id = '') + uniqExactIf(order_id, {PURCHASE} AND order_id != ''))"
BOUNCED = "pageviews = 1 AND interactions = 1"
MEASURED = "event_type IN ('page_exit', 'scroll')"
VISITS = "uniqExactIf((session_id, path), event_type = 'page_view')"

METRICS: dict[str, Metric] = {
    "visitors": Metric("Visitors", "events", PEOPLE, rollup="uniqExactMerge(visitors)"),
    "users": Metric("Identified users", "events", "uniqExactIf(person, is_user)"),
    "sessions": Metric("Sessions", "sessions", "count()"),
    "pageviews": Metric("Page views", "events", "countIf(event_type = 'page_view')", rollup="sum(pageviews)"),
    "events": Metric("Events", "events", "count()", rollup="sum(t.events)"),
    "bounce_rate": Metric(
        "Bounce rate", "sessions", f"100 * countIf({BOUNCED} AND entered) / countIf(entered)", "percent",
        ("pageviews", "interactions"), up_is_good=False,
    ),
    "session_duration": Metric(
        "Session duration", "sessions", "avg(toUnixTimestamp64Milli(end) - toUnixTimestamp64Milli(start)) / 1000", "seconds",
    ),
    "session_duration_median": Metric(
        "Median session duration", "sessions",
        "quantileExactInclusive(0.5)(toUnixTimestamp64Milli(end) - toUnixTimestamp64Milli(start)) / 1000", "seconds",
    ),
    "views_per_session": Metric("Views per session", "sessions", "sum(pageviews) / count()", "number", ("pageviews",)),
    "time_on_page": Metric("Time on page", "events", f"sum(engaged_ms) / 1000 / {VISITS}", "seconds"),
    "scroll_depth": Metric(
        "Scroll depth", "events",
        f"if(countIf({MEASURED}) = 0, NULL,"
        f" arrayAvg(mapValues(maxMapIf(map(cityHash64(session_id, path), scroll_depth), {MEASURED}))))", "percent",
    ),
    "revenue": Metric("Revenue", "events", f"{once_per_order(PURCHASE)} - {once_per_order(REFUND)}", "money"),
    "average_order_value": Metric(
        "Average order value", "events", f"toFloat64({once_per_order(PURCHASE)}) / {ORDERS}", "money"
    ),
    "errors": Metric("Errors", "events", "countIf(event_type = 'error')", up_is_good=False),
    "error_rate": Metric("Error rate", "sessions", "100 * countIf(errors > 0) / count()", "percent", ("errors",), False),
    "lcp_p75": vital("lcp", "LCP (p75)"),
    "inp_p75": vital("inp", "INP (p75)"),
    "cls_p75": vital("cls", "CLS (p75)"),
    "fcp_p75": vital("fcp", "FCP (p75)"),
    "ttfb_p75": vital("ttfb", "TTFB (p75)"),
}  # fmt: skip
