"""A funnel whose steps stand in the address."""

from dataclasses import dataclass
from typing import Any

from analytics.queries import funnel as core
from analytics.queries import query
from analytics.queries.filters import UNITS
from analytics.queries.people import Scope, Selector, check_window
from dashboards.names import compact, duration
from dashboards.panel import panel
from dashboards.state import State

SHOP = ("product_view", "add_to_cart", "checkout_start", "purchase")
PASSIVE = (
    "page_view",
    "page_exit",
    "scroll",
    "page_performance",
    "api_performance",
    "route_change",
    "session_start",
    "session_end",
)
WINDOWS = {
    "30m": "30 minutes",
    "1h": "1 hour",
    "1d": "1 day",
    "7d": "7 days",
    "14d": "14 days",
    "30d": "30 days",
    "90d": "90 days",
}
ORDERS = {"ordered": "In this order", "strict": "In this order, nothing between", "unordered": "In any order"}


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    name: str
    people: str
    exact: int
    share: float
    shown_share: str
    of_previous: str
    dropped: int
    median: str


def selector_of(text: str) -> Selector:
    """What begins with a slash is a page, anything else an event."""
    return Selector(page=text) if text.startswith("/") else Selector(event=text)


def suggestion(kinds: list[str]) -> list[str]:
    """The shop's way where there is a shop, else from any page to the commonest event that somebody meant."""
    shop = [kind for kind in SHOP if kind in kinds]
    if len(shop) > 1:
        return ["page_view", *shop]
    meant = [kind for kind in kinds if kind not in PASSIVE]
    return ["page_view", meant[0]] if "page_view" in kinds and meant else []


def row_of(number: int, step: core.Step) -> Row:
    share = step.share_of_first or 0
    return Row(
        number, step.name, compact(step.people), step.people, round(share, 2), f"{share:.1f}%",
        "" if number == 1 or step.share_of_previous is None else f"{step.share_of_previous:.1f}%", step.dropped,
        "" if step.median_seconds is None else duration(step.median_seconds),
    )  # fmt: skip


@panel("dashboards/panels/funnel.html")
def view(state: State, **_: str) -> dict[str, Any]:
    kinds = [
        row.dimensions[0] for row in query.run(state.query(("events",), ("event_type",), limit=200), state.now).rows
    ]
    steps = state.values("step") or suggestion(kinds)
    order = state.value("order", "ordered")
    window = state.value("window", "14d")
    base = {
        "steps": [*steps, *[""] * max(1, 3 - len(steps))][:20], "kinds": sorted(kinds),
        "chosen_order": order, "chosen_window": window,
        "orders": ORDERS.items(), "windows": ({window: window} | WINDOWS if window[-1:] in UNITS else WINDOWS).items(),
        "fields": state.pairs("step", "order", "window"),
    }  # fmt: skip
    if len(steps) < 2:
        return base | {"rows": [], "too_few": True}
    wanted = core.Funnel(
        Scope(state.site.pk, state.dates, state.filters), tuple(map(selector_of, steps)),
        order if order in ORDERS else "ordered", check_window(window),  # type: ignore[arg-type]
    )  # fmt: skip
    found = core.run(wanted, "product.funnel")
    rows = [row_of(i, step) for i, step in enumerate(found.steps, 1)]
    total = found.steps[-1].share_of_first
    return base | {
        "rows": rows if rows[0].exact else [],
        "total": "" if total is None else f"{total:.1f}%",
        "median": "" if found.median_seconds is None else duration(found.median_seconds),
    }
