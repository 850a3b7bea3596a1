"""The tiles: figures, each with its change. A click chooses what the chart shows."""

from dataclasses import dataclass, replace
from typing import Any

from analytics.queries import query as core
from analytics.queries.metrics import METRICS
from analytics.queries.query import Result
from dashboards.apart import begin_text
from dashboards.names import exact, write
from dashboards.panel import panel
from dashboards.state import State

TRAFFIC = ("visitors", "sessions", "pageviews", "views_per_session", "bounce_rate", "session_duration")
MONEY = ("revenue", "conversions", "average_order_value", "conversion_rate")
SHOWN = TRAFFIC + MONEY
LABELS = {"conversions": "Orders"}


@dataclass(frozen=True, slots=True)
class Tile:
    name: str
    label: str
    value: str
    exact: str
    change: str
    direction: str  # up, down or same
    judgement: str  # good, bad or ""
    before: str
    address: str
    chosen: bool


def change_of(name: str, now: Any, before: Any) -> tuple[str, str, str]:
    """Percent of change, direction, and whether that is good. Shares change by points."""
    if now is None or before is None or (not before and METRICS[name].unit != "percent"):
        return ("new", "up", "good") if now and before == 0 else ("", "", "")
    points = METRICS[name].unit == "percent"
    change = float(now) - float(before) if points else 100 * (float(now) - float(before)) / float(before)
    # Points have a decimal where the figure has one (names.percent).
    places = 1 if points and max(float(now), float(before)) < 10 else 0
    amount = f"{abs(change):.{places}f}".removesuffix(".0")
    if amount == "0":
        return "0%" if not points else "0 pts", "same", ""
    text = f"{amount}{'%' if not points else ' pt' if amount == '1' else ' pts'}" if abs(change) < 1000 else ">999%"
    up_is_good = METRICS[name].up_is_good
    judgement = "" if up_is_good is None else "good" if (change > 0) == up_is_good else "bad"
    return text, "up" if change > 0 else "down", judgement


def tiles(state: State, metrics: tuple[str, ...], result: Result) -> list[Tile]:
    before = result.comparison_totals or [None] * len(metrics)
    made, currency = [], state.site.currency
    for name, value, other in zip(metrics, result.totals, before, strict=True):
        text, direction, judgement = change_of(name, value, other)
        made.append(
            Tile(
                name,
                LABELS.get(name, METRICS[name].label),
                write(name, value, currency),
                exact(name, value, currency),
                text,
                direction,
                judgement,
                exact(name, other, currency) if other is not None else "",
                state.address(metric=name),
                state.metric == name,
            )
        )
    return made


def is_running(state: State) -> bool:
    """A single day that is not over: what it is compared with is."""
    return state.dates.days == 1 and state.dates.end > state.now


@panel("dashboards/panels/headline.html")
def view(state: State, **_: str) -> dict[str, Any]:
    """Revenue, orders and their mean where the site sells something."""
    left_out = begin_text(state)
    result = core.run(state.query(SHOWN, compare=True), state.now, "executive.headline")
    orders = SHOWN.index("conversions")
    sells = result.totals[orders] or (result.comparison_totals and result.comparison_totals[orders])
    shown = [tile for tile in tiles(state, SHOWN, result) if sells or tile.name in TRAFFIC]
    if runs := is_running(state):  # a day that has just begun is no fall from a whole one
        shown = [replace(tile, judgement="") for tile in shown]
    return {
        "tiles": shown,
        "all_day": runs,
        "overcounts": state.dates.days > 1,
        "sampled": result.sampled,
        "apart": left_out(),
        "table": (["figure", "value", "before"], [[tile.label, tile.exact, tile.before] for tile in shown]),
        "api": ("query", {"metrics": list(SHOWN), **state.compare_request}),
    }
