"""Several lines, or stacked columns, over time, each named, in colours that all eyes can part."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from dashboards.charts.labels import plain

SERIES = tuple(f"var(--series-{n})" for n in (1, 2, 3, 4, 5, 6))
DASHES = ("solid", "dash", "dot")


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    values: Sequence[float | None]


PALE = 0.45
FEW = 14  # points, up to which a single line says each value
LABEL, TALL = 16, 0.075  # letters of a name beside its line, and how far two of them keep apart, of the height


def named(found: Sequence[Line]) -> list[dict[str, Any]]:
    """The names at the right ends of their lines, moved apart where they would lie on each other."""
    ends = []
    for i, one in enumerate(found):
        last = next((v for v in reversed(one.values) if v is not None), None)
        if last is not None:
            ends.append((float(last), i, one.name))
    top = max([float(v) for one in found for v in one.values if v is not None] + [0.0]) or 1.0
    gap, made, free = top * TALL, [], float("-inf")
    for value, i, name in sorted(ends):
        at = max(value, free)
        free = at + gap
        made.append(
            {
                "x": 1, "xref": "paper", "xanchor": "left", "xshift": 6, "y": at, "yanchor": "middle", "showarrow": False,
                "text": plain(name if len(name) <= LABEL else name[: LABEL - 1] + "…"), "align": "left",
                "font": {"size": 11, "color": SERIES[i % len(SERIES)]},
            }
        )  # fmt: skip
    return made


LOW = 0.08  # of the height: below a point there, the axis has its labels


def beside(values: Sequence[float | None]) -> list[str]:
    """Where each value is written: where its line does not run."""
    top, places = max([v for v in values if v is not None], default=0), []
    for before, value, after in zip([None, *values], values, [*values[1:], None], strict=False):
        falls = before is not None and value is not None and before > value
        if value is None or not falls:
            rises = before is not None and after is not None and value is not None and before < value < after
            places.append("top left" if rises else "top center")
        elif after is not None and (value > after or value < LOW * top):
            places.append("top right")
        else:
            places.append("bottom center" if value >= LOW * top else "top center")
    return places


def layout_of(suffix: str, legend: bool, stacked: bool = False) -> go.Layout:
    return go.Layout(
        margin={"l": 4, "r": 12, "t": 12, "b": 4}, showlegend=legend, hovermode="x unified",
        legend={"orientation": "h", "x": 0, "y": -0.18, "xanchor": "left", "yanchor": "top"},
        xaxis={"showgrid": False, "fixedrange": True, "automargin": True, "nticks": 8, "tickcolor": "var(--grid)"},
        yaxis={
            "rangemode": "tozero", "fixedrange": True, "automargin": True, "nticks": 5, "zeroline": stacked, "side": "right",
            "gridcolor": "var(--grid)", "zerolinecolor": "var(--line-strong)", "ticksuffix": suffix,
            "ticklabelposition": "outside top",  # the lowest would lie on the last label of the other axis
        },
        barmode="relative", bargap=0.25, template=None,
    )  # fmt: skip


def lines(when: Sequence[str], found: Sequence[Line], suffix: str = "", partial: int = 0) -> dict[str, Any]:
    """`partial`: so many buckets at the end have not ended; they are dashed."""
    traces, told = [], len(found) == 1 and len(when) <= FEW
    for i, one in enumerate(found):
        colour = SERIES[i % len(SERIES)]
        style = {"color": colour, "width": 2, "dash": DASHES[i // len(SERIES) % 3]}
        done = len(when) - partial if partial < len(when) else len(when)
        values = list(one.values[:done])
        traces.append(
            go.Scatter(
                x=list(when[:done]), y=values, name=plain(one.name), line=style, marker={"color": colour, "size": 7},
                connectgaps=False,
                mode=f"{'lines' if done > 1 else 'markers'}{'+markers+text' if told else ''}",
                text=["" if v is None else f"{v:,g}{suffix}" for v in values] if told else None,
                textposition=beside(values), cliponaxis=False,
            )
        )  # fmt: skip
        if partial and done:
            traces.append(
                go.Scatter(
                    x=list(when[done - 1 :]),
                    y=list(one.values[done - 1 :]),
                    showlegend=False,
                    mode="lines",
                    hoverinfo="skip",
                    line=style | {"dash": "dash"},
                    name=plain(one.name),
                )
            )
    layout = layout_of(suffix, legend=False)
    if len(found) > 1:  # named at their ends, so the axis goes to the left
        layout.update(annotations=named(found), margin={"r": 112, "l": 4, "t": 12, "b": 4}, yaxis={"side": "left"})
    made: dict[str, Any] = go.Figure(data=traces, layout=layout).to_plotly_json()
    return made


def columns(when: Sequence[str], found: Sequence[Line], suffix: str = "", partial: int = 0) -> dict[str, Any]:
    """Stacked; negative values hang below the line. `partial`: so many at the end have not ended; they are pale."""
    shades = [1.0] * (len(when) - partial) + [PALE] * partial
    traces = [
        go.Bar(
            x=list(when), y=list(one.values), name=plain(one.name),
            marker={"color": SERIES[i % len(SERIES)], "opacity": shades},
        )
        for i, one in enumerate(found)
    ]  # fmt: skip
    made: dict[str, Any] = go.Figure(data=traces, layout=layout_of(suffix, True, stacked=True)).to_plotly_json()
    return made
