"""Results of A/B tests."""

from typing import Any

from analytics.queries import experiment as core
from analytics.queries import query
from analytics.queries.people import Scope
from analytics.saved.resolve import selector_of_site
from dashboards.names import compact
from dashboards.panel import panel
from dashboards.sheet import Cell, Field, Sheet, name, num, show
from dashboards.state import State

EMPTY = (
    "No test is running",
    'Events that carry ab_test_variants show up here: footfall("event", "experiment_exposure", …), or'
    " user.ab_test_variants from a server.",
)
STATS = (("bayesian", "Bayesian"), ("frequentist", "Frequentist"), ("sequential", "Frequentist, sequential"))


def running(state: State) -> list[str]:
    """Names of the tests in the events, the largest first."""
    rows = query.run(state.query(("visitors",), ("variant",), limit=100), state.now, "product.experiments").rows
    return [*dict.fromkeys(row.dimensions[0].partition("=")[0] for row in rows if row.dimensions[0])]


def share(value: float | None, signed: bool = True) -> str:
    return "–" if value is None else f"{100 * value:+.1f}%" if signed else f"{100 * value:.1f}%"


def row_of(variant: core.Variant, result: core.ExperimentResult, bayesian: bool, kind: str) -> list[Cell]:
    is_control = variant.name == result.control
    mean = f"{100 * variant.mean:.2f}%" if kind == "conversion" else f"{variant.mean:,.2f}"
    interval = "–" if not variant.interval else f"{share(variant.interval[0])} to {share(variant.interval[1])}"
    mark = "control" if is_control else "winner" if variant.name == result.winner else ""
    cells = [
        name(f"{variant.name}{f' ({mark})' if mark else ''}"),
        num(compact(variant.people), f"{variant.people:,}", raw=variant.people),
        num(compact(variant.conversions), f"{variant.conversions:,}", raw=variant.conversions),
        num(mean, raw=variant.mean),
        num("–" if is_control else share(variant.effect), kind="good" if mark == "winner" else "", raw=variant.effect),
        num("–" if is_control else interval),
    ]
    if bayesian:
        return [
            *cells,
            num(share(variant.chance_to_win, signed=False), raw=variant.chance_to_win),
            num(share(variant.risk, signed=False), raw=variant.risk),
        ]
    return [*cells, num("–" if variant.p_value is None else f"{variant.p_value:.4f}", raw=variant.p_value)]


def verdict(result: core.ExperimentResult) -> str:
    if result.mismatch:
        return f"The split is not what it should be (p = {result.mismatch_p:.2g}): something loses"
        " people of one variant. Do not trust the effect."
    if not result.enough:
        return "Too early: each variant needs 100 people and 25 conversions."
    return f"{result.winner} wins." if result.winner else "No winner yet."


@panel("dashboards/panels/sheet.html")
def view(state: State, **_: str) -> dict[str, Any]:
    tests = running(state)
    if not tests:
        return show(state, Sheet("A/B tests", empty=EMPTY))
    chosen = state.value("experiment", tests[0])
    stats, goal, by = state.value("stats", "bayesian"), state.value("goal", "purchase"), state.value("by")
    bayesian = stats not in ("frequentist", "sequential")
    asked = core.Experiment(
        Scope(state.site.pk, state.dates, state.filters),
        chosen,
        selector_of_site(state.site, goal, "goal"),
        stats="bayesian" if bayesian else "frequentist",
        sequential=stats == "sequential",
        breakdown=by,
    )
    result = core.run(asked, "product.experiments")
    rows = [row_of(variant, result, bayesian, "conversion") for variant in result.variants]
    for group, variants in list(result.groups.items())[:10]:
        for variant in variants:
            first, *rest = row_of(variant, result, bayesian, "conversion")
            rows.append([name(f"{group or '(none)'} · {first.text}"), *rest])
    last = ["Chance to win", "Risk"] if bayesian else ["p"]
    left_out = f" {result.in_several:,} people saw several variants and are left out." if result.in_several else ""
    segments = (
        ("", "Nobody apart"),
        ("device_type", "Device"),
        ("country", "Country"),
        ("channel", "Channel"),
        ("user_segment", "Segment"),
    )
    sheet = Sheet(
        "A/B tests",
        ["Variant", "People", "Conversions", "Rate", "Effect", "95 % interval", *last],
        rows,
        hint=verdict(result),
        note=f"{result.test}. People count from their first event with the variant.{left_out}",
        fields=[
            Field("experiment", "Test", chosen, [(test, test) for test in dict.fromkeys([*tests, chosen])]),
            Field("goal", "Conversion", goal, hint="event, or /page*"),
            Field("stats", "Statistics", stats, STATS),
            Field("by", "By", by, segments),
        ],
        empty=("Nobody saw it in this period", "Choose a longer period."),
    )
    return show(state, sheet, ("experiment", {"experiment": chosen, "metric": {"type": "conversion", "event": goal}}))
