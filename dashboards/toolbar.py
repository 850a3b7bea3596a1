"""What stands above every dashboard: filters, period, comparison."""

from typing import Any

from analytics.queries import calendar
from dashboards.state import State, write_clause


def periods(state: State) -> list[tuple[str, str, bool]]:
    return [
        (title, state.address(period=name, first="", last="", interval=""), state.period == name)
        for name, title in calendar.NAMED.items()
    ]


def comparisons(state: State) -> list[tuple[str, str, bool]]:
    return [(title, state.address(compare=name), state.compare == name) for name, title in calendar.COMPARISONS.items()]


def toolbar(state: State) -> dict[str, Any]:
    return {
        "state": state,
        "site": state.site,
        "periods": periods(state),
        "comparisons": comparisons(state),
        "query": state.address()[1:],
        "cleared": state.address(clauses=()),
        "kept": [("compare", state.compare), ("metric", state.metric), *state.extra],
        "clause_texts": [write_clause(clause) for clause in state.clauses],
    }
