"""The matrix of who came back."""

from dataclasses import dataclass
from typing import Any

from analytics.queries import retention as core
from analytics.queries.people import Scope
from dashboards.charts.lines import Line, lines
from dashboards.panel import panel
from dashboards.state import State

SPANS = {"day": 7, "week": 8, "month": 6}
ONE = {"day": "Day", "week": "Week", "month": "Month"}


@dataclass(frozen=True, slots=True)
class Square:
    text: str
    title: str
    heat: int  # 0 to 10, a class of the style sheet
    complete: bool


def square(cell: core.Cell) -> Square:
    share = cell.share or 0
    people = f"{cell.people:,} {'person' if cell.people == 1 else 'people'}"
    return Square(
        f"{share:.0f}%",
        people + ("" if cell.complete else " so far"),
        min(10, round(share / 10 + 0.4)) if share else 0,
        cell.complete,
    )


def built(state: State, most: int) -> dict[str, Any]:
    interval = "day" if state.dates.days <= 31 else "week" if state.dates.days <= 130 else "month"
    found = core.run(
        core.Retention(Scope(state.site.pk, state.dates, state.filters), interval=interval, intervals=SPANS[interval]),  # type: ignore[arg-type]
        state.now, "product.retention",
    )  # fmt: skip
    cohorts = [(c.first, c.people, [square(cell) for cell in c.cells]) for c in found.cohorts if c.people]
    curve = lines(
        [str(n) for n in range(len(found.averages))], [Line("Come back", found.averages)], "%",
    )  # fmt: skip
    curve["layout"]["xaxis"]["type"] = "linear"
    return {
        "figure": curve if cohorts else None,
        "table": (
            ["first", "people", *(f"{interval} {n}" for n in range(SPANS[interval] + 1))],
            [[c.first.isoformat(), c.people, *(cell.people for cell in c.cells)] for c in found.cohorts if c.people],
        ),
        "api": ("retention", {"interval": interval, "intervals": SPANS[interval]}),
        "cohorts": cohorts[-most:],
        "heads": [f"{ONE[interval]} {n}" for n in range(SPANS[interval] + 1)],
        "averages": ["" if a is None else f"{a:.0f}%" for a in found.averages],
        "people": sum(c.people for c in found.cohorts),
        "unit": interval,
        "reason": found.reason,
    }


@panel("dashboards/panels/retention.html")
def view(state: State, **_: str) -> dict[str, Any]:
    return built(state, 31)


@panel("dashboards/panels/retention.html")
def short(state: State, **_: str) -> dict[str, Any]:
    """On the executive page: the latest cohorts."""
    return built(state, 8)
