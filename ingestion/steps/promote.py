"""Properties that reports ask for all the time get a column of their own; event_properties keeps everything."""

from decimal import Decimal, InvalidOperation
from typing import Any

from ingestion.drops import Drop, Reason
from ingestion.row import Context, Draft
from ingestion.steps.enrich import cut

VITALS = {
    "lcp": ("lcp", "largest_contentful_paint"),
    "inp": ("inp", "interaction_to_next_paint"),
    "cls": ("cls", "cumulative_layout_shift"),
    "fcp": ("fcp", "first_contentful_paint"),
    "ttfb": ("ttfb", "time_to_first_byte"),
}


def number(value: object, most: int) -> int:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value == value:
        return int(min(max(value, 0), most))
    return 0


def put_engagement(draft: Draft, context: Context) -> None:
    properties = draft.event.event_properties
    if properties and draft.row.event_type in ("page_exit", "scroll"):
        engaged = properties.get("engaged_ms", properties.get("time_on_page"))
        if draft.row.event_type == "page_exit":
            draft.row.engaged_ms = number(engaged, 24 * 3600 * 1000)
        draft.row.scroll_depth = number(properties.get("scroll_depth"), 100)


def put_money(draft: Draft, context: Context) -> Drop | None:
    """Decimal text, never a binary float's digits: JSON numbers pass by their shortest text."""
    properties, row = draft.event.event_properties, draft.row
    if not properties:
        return None
    row.order_id = cut(str(properties.get("order_id") or ""), 64)
    currency = str(properties.get("currency") or "")
    if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        return Drop(Reason.BAD_CURRENCY, "event_properties.currency", repr(currency[:16]))
    row.currency = currency.upper()
    if (amount := properties.get("revenue")) is None:
        return None
    try:
        revenue = Decimal(str(amount)).quantize(Decimal("0.0001"))
    except InvalidOperation:
        revenue = Decimal("NaN")
    if not revenue.is_finite() or abs(revenue) >= 10**14 or isinstance(amount, bool):
        return Drop(Reason.BAD_REVENUE, "event_properties.revenue", repr(amount)[:64])
    row.revenue = str(revenue)
    return None


def put_errors_and_vitals(draft: Draft, context: Context) -> None:
    properties, row = draft.event.event_properties, draft.row
    if not properties:
        return
    if row.event_type in ("error", "api_error"):
        row.error_type = cut(str(properties.get("error_type") or ""), 64)
        row.error_message = cut(str(properties.get("error_message") or ""), 500)
    elif row.event_type == "page_performance":
        nested = properties.get("metrics")
        metrics: dict[str, Any] = {**properties, **nested} if isinstance(nested, dict) else properties
        for column, names in VITALS.items():
            value = next((metrics[name] for name in names if name in metrics), None)
            if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e7:
                setattr(row, column, float(value))
