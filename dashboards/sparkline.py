"""A site's last 24 hours, for the list of sites. Drawn as SVG: no script needed."""

from typing import Any

from analytics.queries.live import get_last_day
from dashboards.names import compact
from dashboards.panel import panel
from dashboards.state import State

WIDTH, HEIGHT = 230, 44


def path_of(values: list[int]) -> str:
    most = max([*values, 1])
    step = WIDTH / max(len(values) - 1, 1)
    return "M" + " L".join(f"{i * step:.1f},{HEIGHT - 2 - (HEIGHT - 4) * v / most:.1f}" for i, v in enumerate(values))


@panel("dashboards/panels/sparkline.html")
def view(state: State, **_: str) -> dict[str, Any]:
    visitors, hours = get_last_day(state.site.pk)
    line = path_of(hours)
    return {
        "visitors": compact(visitors), "exact": f"{visitors:,}", "line": line,
        "area": f"{line} L{WIDTH},{HEIGHT} L0,{HEIGHT} Z", "width": WIDTH, "height": HEIGHT, "any": visitors > 0,
    }  # fmt: skip
