"""The product dashboard: its page; the panels load by themselves."""

from typing import Any

from dashboards.door import Door
from dashboards.page import page
from dashboards.state import State

SECTIONS = (
    ("trends", "Trends", "panel-trends"),
    ("funnel", "Funnel", "panel-funnel"),
    ("retention", "Retention", "panel-retention"),
    ("feature-adoption", "Feature adoption", "panel-adoption"),
    ("lifecycle", "Lifecycle", "panel-lifecycle"),
    ("user-flow", "User flow", "panel-flow"),
    ("a-b-tests", "A/B tests", "panel-experiments"),
    ("page-performance", "Page performance", "panel-vitals"),
    ("errors", "Errors", "panel-errors"),
    ("event-explorer", "Event explorer", "panel-explorer"),
)


@page("dashboards/product.html")
def view(door: Door, state: State) -> dict[str, Any]:
    return {"upper": SECTIONS, "jumps": SECTIONS}
