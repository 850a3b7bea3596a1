"""Trends: any events over time, by a dimension, by a formula."""

from typing import Any

from analytics.queries import explorer
from analytics.queries import trends as core
from analytics.queries.dimensions import DIMENSIONS, BadQuery
from analytics.queries.people import Scope
from analytics.queries.trends import LETTERS, MEASURES, Series, Trends
from analytics.saved.resolve import selector_of_site
from dashboards.charts.lines import Line, lines
from dashboards.names import display, figure_text
from dashboards.panel import panel
from dashboards.sheet import Cell, Field, Sheet, name, num, show
from dashboards.state import State

BREAKDOWNS = (
    "",
    "country",
    "source",
    "channel",
    "device_type",
    "browser",
    "os",
    "utm_campaign",
    "path",
    "event_type",
    "user_segment",
)
EMPTY = ("Nothing happened", "No such event in this period. Choose another one, or a longer period.")


def known_names(state: State) -> list[str]:
    """What a step, a start or a goal can be called: event types, defined events, goals."""
    kinds = explorer.get_event_names(Scope(state.site.pk, state.dates))
    saved = [*state.site.defined_events.values_list("name", flat=True)]
    return [
        *kinds,
        *saved,
        *(f"goal:{goal}" for goal in state.site.goals.values_list("name", flat=True)),
    ]


def asked(state: State) -> Trends:
    texts, measures, of = state.values("series") or ["page_view"], state.values("measure"), state.values("of")
    series = []
    for i, text in enumerate(texts[: len(LETTERS)]):
        measure = measures[i] if i < len(measures) and measures[i] in MEASURES else "people"
        takes = measure in core.OF_PROPERTY
        series.append(
            Series(
                selector_of_site(state.site, text, f"series {LETTERS[i]}"),
                measure,
                (of[0] if of else "") if takes else "",
            )
        )
    step = state.step if state.step != "hour" or state.dates.days <= 7 else "day"
    return Trends(
        Scope(state.site.pk, state.dates, state.filters),
        tuple(series),
        step,
        state.value("breakdown"),
        state.value("formula"),
        6,
    )


def fields_of(state: State) -> list[Field]:
    names, texts, measures = known_names(state), state.values("series") or ["page_view"], state.values("measure")
    measured = [(key, title) for key, (title, _) in MEASURES.items()]
    fields: list[Field] = []
    for i, text in enumerate([*texts, ""][: len(LETTERS)]):
        measure = measures[i] if i < len(measures) else "people"
        fields += [
            Field("series", f"{LETTERS[i]}", text, suggestions=names, hint="event or /page*"),
            Field("measure", "measured by", measure, measured),
        ]
    by = [(key, DIMENSIONS[key].label if key else "Nothing") for key in BREAKDOWNS]
    chosen = state.value("breakdown")
    if chosen not in BREAKDOWNS:
        by.append((chosen, chosen.removeprefix("props.")))
    return [
        *fields, Field("of", "of the property", state.value("of"), hint="props.price"), Field("breakdown", "By", chosen, by),
        Field("formula", "Formula", state.value("formula"), hint="100 * B / A"),
    ]  # fmt: skip


def title_of(wanted: Trends, line: core.Line) -> str:
    parts = (
        line.name if len(wanted.series) > 1 or not line.group else "",
        display(wanted.breakdown, line.group) if wanted.breakdown else "",
    )
    return " · ".join(part for part in parts if part)


@panel("dashboards/panels/sheet.html")
def view(state: State, **_: str) -> dict[str, Any]:
    """What cannot be read leaves the form, in which it can be mended."""
    fields = fields_of(state)
    try:
        wanted = asked(state)
        found = core.run(wanted, state.now, "product.trends")
    except BadQuery as error:
        return show(state, Sheet("Trends", fields=fields, empty=("This cannot be drawn", str(error))))
    titled = [(title_of(wanted, line), line) for line in found.lines]
    figure = lines(found.buckets, [Line(title, line.values) for title, line in titled], partial=sum(found.partial))
    rows: list[list[Cell]] = [
        [name(title), num(figure_text(line.total), raw=line.total), *(num(figure_text(v), raw=v) for v in line.values)]
        for title, line in titled
    ]
    note = f"{found.groups_left_out} more values of the breakdown are not shown." if found.groups_left_out > 0 else ""
    any_value = any(line.total for _, line in titled)
    sheet = Sheet(
        "Trends", ["Series", "Whole period", *found.buckets], rows if any_value else [], figure=figure if any_value else None,
        fields=fields, note=note, empty=None if state.is_untouched else EMPTY, table_open=False,
    )  # fmt: skip
    texts, measures = state.values("series") or ["page_view"], state.values("measure")
    api = {
        "series": [
            {"event": text, "measure": measures[i] if i < len(measures) else "people"} for i, text in enumerate(texts)
        ],
        "interval": wanted.interval,
        "breakdown": wanted.breakdown,
        "formula": wanted.formula,
    }
    return show(state, sheet, ("trends", api))
