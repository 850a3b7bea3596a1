"""The matrix of who came back."""

from dataclasses import dataclass
from typing import Any, Literal

from analytics.queries import retention as core
from analytics.queries.people import Scope
from dashboards.charts.lines import Line, lines
from dashboards.panel import panel
from dashboards.sheet import Field
from dashboards.state import State
from dashboards.steps import api_step, selector_of
from dashboards.trends import known_names

SPANS = {"day": 7, "week": 8, "month": 6}
ONE = {"day": "Day", "week": "Week", "month": "Month"}
COUNTS = (("", "The first time ever"), ("recurring", "Each time"))
CELLS = (("", "In just that one"), ("after", "In that one or later"))


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


def interval_of(state: State) -> Literal["day", "week", "month"]:
    chosen, days = state.value("every"), state.dates.days
    if chosen == "day" or (chosen not in SPANS and days <= 31):
        return "day"
    return "week" if chosen == "week" or (chosen not in SPANS and days <= 130) else "month"


def fields_of(state: State) -> list[Field]:
    names = known_names(state)
    return [
        Field("began", "Began with", state.value("began"), suggestions=names, hint="anything"),
        Field("again", "Came back to", state.value("again"), suggestions=names, hint="anything"),
        Field("every", "By", interval_of(state), list(ONE.items())),
        Field("count", "People begin", state.value("count"), COUNTS),
        Field("cell", "They count", state.value("cell"), CELLS),
    ]


def built(state: State, most: int) -> dict[str, Any]:
    interval = interval_of(state)
    asked = core.Retention(
        Scope(state.site.pk, state.dates, state.filters), selector_of(state, state.value("began"), "began with"),
        selector_of(state, state.value("again"), "came back to"), interval, SPANS[interval],
        state.value("count") != "recurring", state.value("cell") == "after",
    )  # fmt: skip
    found = core.run(asked, state.now, "product.retention")
    cohorts = [(c.first, c.people, [square(cell) for cell in c.cells]) for c in found.cohorts if c.people]
    # The first is 100 % by definition and would flatten the rest.
    later = [None if share is None else round(share, 1) for share in found.averages[1:]]
    curve = lines([f"{ONE[interval]} {n}" for n in range(1, len(later) + 1)], [Line("Came back", later)], "%")
    curve["layout"]["xaxis"]["type"] = "category"
    return {
        "figure": curve if cohorts else None,
        "table": (
            ["first", "people", *(f"{interval} {n}" for n in range(SPANS[interval] + 1))],
            [[c.first.isoformat(), c.people, *(cell.people for cell in c.cells)] for c in found.cohorts if c.people],
        ),
        "api": (
            "retention",
            {
                "interval": interval,
                "intervals": SPANS[interval],
                "start_event": api_step(state.value("began")),
                "return_event": api_step(state.value("again")),
                "type": "first_time" if asked.first_time else "recurring",
                "count": "on_or_after" if asked.or_after else "on",
            },
        ),
        "cohorts": cohorts[-most:],
        "left_out": max(0, len(cohorts) - most),
        "all_cohorts": len(cohorts),
        "heads": [f"{ONE[interval]} {n}" for n in range(SPANS[interval] + 1)],
        "averages": ["" if a is None else f"{a:.0f}%" for a in found.averages],
        "people": f"{sum(c.people for c in found.cohorts):,}",
        "began": asked.start.label if state.value("began") else "first visit" if asked.first_time else "visit",
        "any_back": any(later),
        "unit": interval,
        "reason": found.reason or "Nobody began in this period. Choose a longer one, or another event.",
    }


@panel("dashboards/panels/retention.html")
def view(state: State, **_: str) -> dict[str, Any]:
    return built(state, 31) | {
        "fields": fields_of(state),
        "hidden": state.pairs("began", "again", "every", "count", "cell"),
    }


@panel("dashboards/panels/retention.html")
def short(state: State, **_: str) -> dict[str, Any]:
    """On the executive page: the latest cohorts."""
    return built(state, 8)
