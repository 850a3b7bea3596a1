"""The product dashboard: its page; the panels load by themselves."""

from typing import Any

from dashboards.door import Door
from dashboards.page import page
from dashboards.state import State


@page("dashboards/product.html", groups=("events", "pages"))
def view(door: Door, state: State) -> dict[str, Any]:
    return {}
