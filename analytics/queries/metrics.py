"""Every metric, each one clause (semantics.md has the words). SQL text is spliced from here and from dimensions alone."""

from dataclasses import dataclass
from typing import Literal

Source = Literal["events", "sessions", "sales"]  # sales: the rare events of them
PEOPLE = "uniqExact(person)"
DURATION = "(toUnixTimestamp64Milli(end) - toUnixTimestamp64Milli(start))"
PURCHASE, REFUND = "event_type = 'purchase' AND NOT repeated", "event_type = 'refund' AND NOT repeated"


@dataclass(frozen=True, slots=True)
class Metric:
    label: str
    source: Source
    sql: str
    unit: Literal["count", "percent", "seconds", "milliseconds", "number", "money"] = "count"
    needs: tuple[str, ...] = ()  # columns of the folded sessions
    up_is_good: bool | None = True
    rollup: str = ""  # the same from traffic_15m, where that can be
    visits: str = ""  # the same from visits
    scaled: str = ""  # the same where the site keeps a sample: each row stands for `weight` of its kind


def once_per_order(condition: str, amount: str = "revenue") -> str:
    """An order id counts once however often it arrives; events without one count each."""
    return (
        f"(sumIf({amount}, {condition} AND order_id = '')"
        f" + arraySum(mapValues(maxMapIf(map(order_id, {amount}), {condition} AND order_id != ''))))"
    )


def estimate(key: str, condition: str = "1") -> str:
    """How many distinct keys there were before sampling (Horvitz-Thompson): each counts for one over the chance with which
    it was kept, which is that of its most kept event."""
    return f"arraySum(mapValues(minMapIf(map({key}, toFloat64(weight)), {condition})))"


OF_ORDERS = ("revenue", "average_order_value", "conversions", "conversion_rate")
OF_GOALS = ("conversions", "conversion_rate")


def vital(column: str, label: str) -> Metric:
    """p75 by linear interpolation; none below 50 samples."""
    sql = f"if(count({column}) >= 50, quantileExactInclusive(0.75)({column}), NULL)"
    return Metric(label, "events", sql, "number" if column == "cls" else "milliseconds", up_is_good=False)


SCALED_REVENUE = "toDecimal128(revenue, 4) * toDecimal128(weight, 4)"
WITH_ORDER, WITHOUT_ORDER = f"{PURCHASE} AND order_id != ''", f"{PURCHASE} AND order_id = ''"
CONVERTED_ORDER = "goal AND order_id != ''"
ORDERS = f"(countIf({WITHOUT_ORDER}) + uniqExactIf(order_id, {WITH_ORDER}))"
RATED = "(paid = 0 OR revenue != 0)"  # what has no exchange rate is in neither part of a mean
RATED_ORDERS = f"(countIf({WITHOUT_ORDER} AND {RATED}) + uniqExactIf(order_id, {WITH_ORDER} AND {RATED}))"
SCALED_ORDERS = (
    f"(sumIf(toFloat64(weight), {WITHOUT_ORDER} AND {RATED}) + {estimate('order_id', f'{WITH_ORDER} AND {RATED}')})"
)
BOUNCED = "pageviews = 1 AND interactions = 1"
MEASURED = "event_type IN ('page_exit', 'scroll')"
VIEW, VISIT = "event_type = 'page_view'", "cityHash64(session_id, path)"
VISITS = f"uniqExactIf((session_id, path), {VIEW})"

METRICS: dict[str, Metric] = {
    "visitors": Metric(
        "Visitors", "events", PEOPLE, rollup="uniqExactMerge(visitors)", visits=PEOPLE, scaled=estimate("person"),
    ),
    "users": Metric(
        "Identified users", "events", "uniqExactIf(person, is_user)", visits="uniqExactIf(person, knows_user)",
        scaled=estimate("person", "is_user"),
    ),
    "sessions": Metric("Sessions", "sessions", "count()", scaled="sum(weight)"),
    "pageviews": Metric(
        "Page views", "events", "countIf(event_type = 'page_view')", rollup="sum(pageviews)", visits="sum(pageviews)",
        scaled="sumIf(weight, event_type = 'page_view')",
    ),
    "events": Metric("Events", "events", "count()", rollup="sum(t.events)", visits="sum(e.events)", scaled="sum(weight)"),
    "bounce_rate": Metric(
        "Bounce rate", "sessions", f"100 * countIf({BOUNCED} AND entered) / countIf(entered)", "percent",
        ("pageviews", "interactions"), up_is_good=False,
        scaled=f"100 * sumIf(weight, {BOUNCED} AND entered) / sumIf(weight, entered)",
    ),
    "session_duration": Metric(
        "Session duration", "sessions", f"avg({DURATION}) / 1000", "seconds",
        scaled=f"sum({DURATION} * weight) / sum(weight) / 1000",
    ),
    "session_duration_median": Metric(
        "Median session duration", "sessions", f"quantileExactInclusive(0.5)({DURATION}) / 1000", "seconds",
    ),
    "views_per_session": Metric(
        "Views per session", "sessions", "sum(pageviews) / count()", "number", ("pageviews",),
        scaled="sum(pageviews * weight) / sum(weight)",
    ),
    "time_on_page": Metric(
        "Time on page", "events", f"sum(engaged_ms) / 1000 / {VISITS}", "seconds",
        scaled=f"sum(engaged_ms * weight) / 1000 / {estimate(VISIT, VIEW)}",
    ),
    "scroll_depth": Metric(
        "Scroll depth", "events",
        f"if(countIf({MEASURED}) = 0, NULL, arrayAvg(mapValues(maxMapIf(map({VISIT}, scroll_depth), {MEASURED}))))",
        "percent",
    ),
    "revenue": Metric(
        "Revenue", "events", f"{once_per_order(PURCHASE)} - {once_per_order(REFUND)}", "money",
        scaled=f"{once_per_order(PURCHASE, SCALED_REVENUE)} - {once_per_order(REFUND, SCALED_REVENUE)}",
    ),
    "average_order_value": Metric(
        "Average order value", "events", f"toFloat64({once_per_order(PURCHASE)}) / {RATED_ORDERS}", "money",
        scaled=f"toFloat64({once_per_order(PURCHASE, SCALED_REVENUE)}) / {SCALED_ORDERS}",
    ),
    "conversions": Metric(
        "Conversions", "events", "(countIf(goal AND order_id = '') + uniqExactIf(order_id, goal AND order_id != ''))",
        scaled=f"(sumIf(toFloat64(weight), goal AND order_id = '') + {estimate('order_id', CONVERTED_ORDER)})",
    ),
    "conversion_rate": Metric(
        "Conversion rate", "events", f"100 * uniqExactIf(person, goal) / {PEOPLE}", "percent",
        scaled=f"100 * {estimate('person', 'goal')} / {estimate('person')}",
    ),
    "errors": Metric(
        "Errors", "events", "countIf(event_type = 'error')", up_is_good=False, visits="sum(errors)",
        scaled="sumIf(weight, event_type = 'error')",
    ),
    "error_rate": Metric(
        "Error rate", "sessions", "100 * countIf(errors > 0) / count()", "percent", ("errors",), False,
        scaled="100 * sumIf(weight, errors > 0) / sum(weight)",
    ),
    "lcp_p75": vital("lcp", "LCP (p75)"),
    "inp_p75": vital("inp", "INP (p75)"),
    "cls_p75": vital("cls", "CLS (p75)"),
    "fcp_p75": vital("fcp", "FCP (p75)"),
    "ttfb_p75": vital("ttfb", "TTFB (p75)"),
}  # fmt: skip
