"""Results of A/B tests."""

from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse

from analytics.queries import experiment as core
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
# kind -> (title, head of the column with the mean)
KINDS = {
    "conversion": ("People who convert", "Rate"), "revenue": ("Revenue per person", "Per person"),
    "count": ("Times per person", "Per person"), "ratio": ("Ratio of two events", "Ratio"),
}  # fmt: skip
SEGMENTS = (
    ("", "Nobody apart"), ("device_type", "Device"), ("country", "Country"), ("channel", "Channel"), ("source", "Source"),
    ("browser", "Browser"), ("user_segment", "Segment"),
)  # fmt: skip
GROUPS = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """What the form says."""

    test: str
    kind: str
    goal: str
    per: str
    stats: str
    by: str

    @property
    def bayesian(self) -> bool:
        return self.stats == "bayesian"

    @property
    def metric(self) -> dict[str, Any]:
        return {"type": self.kind, "event": self.goal} | ({"per": self.per} if self.kind == "ratio" else {})

    @property
    def request(self) -> dict[str, Any]:
        """The same for the API."""
        stats = {"stats": "bayesian" if self.bayesian else "frequentist", "sequential": self.stats == "sequential"}
        return {"experiment": self.test, "metric": self.metric, **stats, "breakdown": self.by}


def chosen_of(state: State, tests: list[str]) -> Choice:
    kind, stats, by = state.value("kind"), state.value("stats"), state.value("by")
    return Choice(
        state.value("experiment", tests[0]),
        kind if kind in KINDS else "conversion",
        state.value("goal", "purchase"),
        state.value("per", "page_view"),
        stats if stats in dict(STATS) else "bayesian",
        by if by in dict(SEGMENTS) else "",
    )


def asked_of(state: State, choice: Choice) -> core.Experiment:
    return core.Experiment(
        Scope(state.site.pk, state.dates, state.filters),
        choice.test,
        selector_of_site(state.site, choice.goal, "goal"),
        choice.kind,  # type: ignore[arg-type]
        selector_of_site(state.site, choice.per, "per") if choice.kind == "ratio" else None,
        stats="bayesian" if choice.bayesian else "frequentist",
        sequential=choice.stats == "sequential",
        breakdown=choice.by,
    )


def share(value: float | None, signed: bool = True) -> str:
    return "–" if value is None else f"{100 * value:+.1f}%" if signed else f"{100 * value:.1f}%"


def mean_of(variant: core.Variant, kind: str, currency: str) -> str:
    if kind == "conversion":
        return f"{100 * variant.mean:.2f}%"
    return f"{currency} {variant.mean:,.2f}" if kind == "revenue" else f"{variant.mean:,.3f}"


def row_of(variant: core.Variant, result: core.ExperimentResult, choice: Choice, currency: str) -> list[Cell]:
    is_control = variant.name == result.control
    interval = "–" if not variant.interval else f"{share(variant.interval[0])} to {share(variant.interval[1])}"
    mark = "control" if is_control else "winner" if variant.name == result.winner else ""
    cells = [
        name(f"{variant.name}{f' ({mark})' if mark else ''}"),
        num(compact(variant.people), f"{variant.people:,}", raw=variant.people),
        num(compact(variant.conversions), f"{variant.conversions:,}", raw=variant.conversions),
        num(mean_of(variant, choice.kind, currency), raw=variant.mean),
        num("–" if is_control else share(variant.effect), kind="good" if mark == "winner" else "", raw=variant.effect),
        num("–" if is_control else interval),
    ]
    if choice.bayesian:
        return [
            *cells,
            num(share(variant.chance_to_win, signed=False), raw=variant.chance_to_win),
            num(share(variant.risk, signed=False), raw=variant.risk),
        ]
    return [*cells, num("–" if variant.p_value is None else f"{variant.p_value:.4f}", raw=variant.p_value)]


def rows_of(result: core.ExperimentResult, choice: Choice, currency: str) -> list[list[Cell]]:
    """All people, and below them each segment; nobody wins in a segment alone."""
    rows = [row_of(variant, result, choice, currency) for variant in result.variants]
    largest = sorted(result.groups.items(), key=lambda item: (-sum(v.people for v in item[1]), item[0]))
    for group, variants in largest[:GROUPS]:
        for variant in variants:
            first, *rest = row_of(variant, replace(result, winner=""), choice, currency)
            rows.append([name(f"{group or '(none)'} · {first.text}"), *rest])
    return rows


def verdict(result: core.ExperimentResult) -> str:
    if result.mismatch:
        p = f"{result.mismatch_p:.2g}"
        return f"The split is not what it should be (p = {p}): one variant loses people. Do not trust the effect."
    if not result.enough:
        return "Too early: each variant needs 100 people and 25 conversions."
    return f"{result.winner} wins." if result.winner else "No winner yet."


def fields_of(choice: Choice, tests: list[str]) -> list[Field]:
    fields = [
        Field("experiment", "Test", choice.test, [(test, test) for test in dict.fromkeys([*tests, choice.test])]),
        Field("kind", "Measured by", choice.kind, [(kind, title) for kind, (title, _) in KINDS.items()]),
        Field("goal", "Event", choice.goal, hint="event, or /page*"),
        Field("stats", "Statistics", choice.stats, STATS),
        Field("by", "By", choice.by, SEGMENTS),
    ]
    if choice.kind == "ratio":
        fields.insert(3, Field("per", "Divided by", choice.per, hint="event, or /page*"))
    return fields


@panel("dashboards/panels/sheet.html")
def view(state: State, **_: str) -> dict[str, Any]:
    tests = core.get_names(Scope(state.site.pk, state.dates, state.filters), "product.experiments")
    if not tests:
        first = None if state.is_guest else ("See how events are sent", reverse("installation", args=[state.site.pk]))
        return show(state, Sheet("A/B tests", empty=EMPTY, next=first))
    choice = chosen_of(state, tests)
    result = core.run(asked_of(state, choice), "product.experiments")
    last = ["Chance to win", "Risk"] if choice.bayesian else ["p"]
    left_out = f" {result.in_several:,} people saw several variants and are left out." if result.in_several else ""
    sheet = Sheet(
        "A/B tests",
        ["Variant", "People", "Conversions", KINDS[choice.kind][1], "Effect", "95 % interval", *last],
        rows_of(result, choice, state.site.currency),
        hint=verdict(result),
        note=f"{result.test}. People count from their first event with the variant.{left_out}",
        fields=fields_of(choice, tests),
        empty=("Nobody saw it in this period", "Choose a longer period."),
    )
    return show(state, sheet, ("experiment", choice.request))
