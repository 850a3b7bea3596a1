"""A funnel whose steps stand in the address."""

import re
from dataclasses import dataclass
from typing import Any

from analytics.queries import explorer
from analytics.queries import funnel as core
from analytics.queries.dimensions import DIMENSIONS, BadQuery
from analytics.queries.filters import UNITS
from analytics.queries.people import Scope, check_window
from dashboards.names import compact, display, duration
from dashboards.panel import panel
from dashboards.state import State
from dashboards.steps import api_step, selector_of

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
BREAKDOWNS = ("", "device_type", "country", "channel", "source", "browser", "utm_campaign", "user_segment")
BETWEEN = re.compile(r"^(?P<after>\d{1,2})-(?P<before>\d{1,2}):(?P<text>.+)$")
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
    dropped: str
    median: str
    mean: str


def known_order(text: str) -> core.Order:
    return "strict" if text == "strict" else "unordered" if text == "unordered" else "ordered"


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
        "" if number == 1 or step.share_of_previous is None else f"{step.share_of_previous:.1f}%",
        f"{step.dropped:,}" if step.dropped else "",
        "" if step.median_seconds is None else duration(step.median_seconds),
        "" if step.mean_seconds is None else duration(step.mean_seconds),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An exclusion as it is written: `2-3:refund`, or `refund` for between the first and the last step."""

    text: str
    between: str = ""

    def steps(self, most: int) -> tuple[int, int]:
        after, _, before = self.between.partition("-")
        return (int(after), int(before)) if before else (1, most)

    @property
    def label(self) -> str:
        after, _, before = self.between.partition("-")
        return f"{self.text} between steps {after} and {before}" if before else f"{self.text} between the steps"


def left_out_of(state: State) -> list[LeftOut]:
    found = [(text, BETWEEN.match(text)) for text in state.values("without")]
    return [LeftOut(m["text"], f"{int(m['after'])}-{int(m['before'])}") if m else LeftOut(text) for text, m in found]


def form_of(state: State, steps: list[str], kinds: list[str]) -> dict[str, Any]:
    """What the form shows: the steps with one more to fill in, and what was chosen."""
    window, left_out = state.value("window", "14d"), left_out_of(state)
    ranges = {f"{a}-{b}": f"steps {a} and {b}" for a in range(1, len(steps)) for b in range(a + 1, len(steps) + 1)}
    ranges |= {one.between: f"steps {one.between.replace('-', ' and ')}" for one in left_out if one.between}
    return {
        "steps": [*steps, *[""] * max(1, 3 - len(steps))][:20],
        "kinds": sorted(kinds),
        "chosen_order": state.value("order", "ordered"),
        "chosen_window": window,
        "orders": ORDERS.items(),
        "windows": ({window: window} | WINDOWS if window[-1:] in UNITS else WINDOWS).items(),
        "breakdowns": [(key, DIMENSIONS[key].label if key else "Nothing") for key in BREAKDOWNS],
        "chosen_breakdown": state.value("breakdown"),
        "left_out": [*left_out, LeftOut("")][:20],
        "ranges": ({"": "all steps"} | ranges).items(),
        "per": state.value("per"),
        "fields": state.pairs("step", "order", "window", "breakdown", "without", "per"),
    }


def asked(state: State, steps: list[str]) -> core.Funnel:
    by, order = state.value("breakdown"), known_order(state.value("order", "ordered"))
    left_out = tuple(
        core.Exclusion(selector_of(state, one.text, "left out"), *one.steps(len(steps))) for one in left_out_of(state)
    )
    return core.Funnel(
        Scope(state.site.pk, state.dates, state.filters),
        tuple(selector_of(state, text, f"step {i}") for i, text in enumerate(steps, 1)),
        order,
        check_window(state.value("window", "14d")),
        left_out,
        "session" if state.value("per") == "session" else "person",
        breakdown=by if by in BREAKDOWNS else "",
    )


def taken_along(state: State, steps: list[str], wanted: core.Funnel, found: core.FunnelResult) -> dict[str, Any]:
    """The table for the CSV, and the request."""
    heads = ["step", "people", "share_of_first", "share_of_previous", "dropped", "median_seconds", "mean_seconds"]
    rows = [
        [s.name, s.people, s.share_of_first, s.share_of_previous, s.dropped, s.median_seconds, s.mean_seconds]
        for s in found.steps
    ]
    body = {
        "steps": [api_step(step) for step in steps],
        "exclusions": [
            {"event": api_step(one.text), "after": item.after, "before": item.before}
            for one, item in zip(left_out_of(state), wanted.exclusions, strict=True)
        ],
        "by": wanted.by,
        "order": wanted.order,
        "window": state.value("window", "14d"),
        "breakdown": wanted.breakdown,
    }
    return {"table": (heads, rows), "api": ("funnel", body)}


def built(state: State) -> dict[str, Any]:
    kinds = explorer.get_event_names(Scope(state.site.pk, state.dates, state.filters), tag="product.funnel")
    steps = state.values("step") or suggestion(kinds)
    base = form_of(state, steps, kinds)
    if len(steps) < 2:
        return base | {"rows": [], "too_few": True}
    wanted = asked(state, steps)
    found = core.run(wanted, "product.funnel")
    rows = [row_of(i, step) for i, step in enumerate(found.steps, 1)]
    total = found.steps[-1].share_of_first
    groups = [
        (
            display(wanted.breakdown, value),
            [(step.people, "–" if step.share_of_first is None else f"{step.share_of_first:.1f}%") for step in steps_of],
        )
        for value, steps_of in list(found.groups.items())[:10]
    ]
    others = (pair for pair in state.extra if pair[0] != "step")
    return base | taken_along(state, steps, wanted, found) | {
        "groups": groups,
        "step_names": [step.name for step in found.steps],
        "people_query": state.address(extra=(*others, *(("step", step) for step in steps)))[1:],
        "is_guest": state.is_guest,
        "excluded": f"{found.excluded:,}" if found.excluded else "",
        "did": " or ".join(one.label for one in left_out_of(state)),
        "rows": rows if rows[0].exact else [],
        "total": "" if total is None else f"{total:.1f}%",
        "median": "" if found.median_seconds is None else duration(found.median_seconds),
    }  # fmt: skip


@panel("dashboards/panels/step_people.html", people=True)
def people(state: State, number: str = "1", dropped: str = "", **_: str) -> dict[str, Any]:
    """Who took a step, or took it and went no further."""
    wanted = asked(state, state.values("step"))
    steps = wanted.steps
    core.check_funnel(wanted)
    step = int(number) if number.isdecimal() and len(number) < 3 else 1
    found = core.get_people(wanted, step, bool(dropped), state.most(200), "product.funnel.people")
    found = core.put_traits(state.site.pk, found, state.sees_names)
    heads = ["person", "country", "device", "channel", "events", "reached", "last_seen", "known_as"]
    rows = [
        (
            one.person,
            display("country", one.country),
            display("device_type", one.device_type),
            one.channel,
            one.events,
            one.reached.astimezone(state.zone),
            one.last_seen.astimezone(state.zone),
            ", ".join(one.traits.values()),
        )
        for one in found
    ]
    return {
        "rows": rows, "name": steps[step - 1].label, "dropped": dropped, "number": step,
        "known": any(one.traits for one in found), **({"table": (heads, [list(row) for row in rows])} if state.whole else {}),
    }  # fmt: skip


@panel("dashboards/panels/funnel.html")
def view(state: State, **_: str) -> dict[str, Any]:
    """A step that cannot be read leaves the form, in which it can be mended."""
    try:
        return built(state)
    except BadQuery as error:
        kinds = explorer.get_event_names(Scope(state.site.pk, state.dates, state.filters), tag="product.funnel")
        return form_of(state, state.values("step"), kinds) | {"rows": [], "problem": str(error)}


@panel("dashboards/panels/funnel_short.html")
def short(state: State, **_: str) -> dict[str, Any]:
    """On the executive page: the same funnel, without its form."""
    return built(state)
