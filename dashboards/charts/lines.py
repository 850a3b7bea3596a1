"""Several lines, or stacked columns, over time, each named, in colours that all eyes can part."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

SERIES = tuple(f"var(--series-{n})" for n in (1, 2, 3, 4, 5, 6))
DASHES = ("solid", "dash", "dot")


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    values: Sequence[float | None]


def layout_of(suffix: str, legend: bool, stacked: bool = False) -> go.Layout:
    return go.Layout(
        margin={"l": 4, "r": 12, "t": 12, "b": 4}, showlegend=legend, hovermode="x unified",
        legend={"orientation": "h", "x": 0, "y": -0.18, "xanchor": "left", "yanchor": "top"},
        xaxis={"showgrid": False, "fixedrange": True, "automargin": True, "nticks": 8, "tickcolor": "var(--grid)"},
        yaxis={
            "rangemode": "tozero", "fixedrange": True, "automargin": True, "nticks": 5, "zeroline": stacked, "side": "right",
            "gridcolor": "var(--grid)", "zerolinecolor": "var(--line-strong)", "ticksuffix": suffix,
        },
        barmode="relative", bargap=0.25, template=None,
    )  # fmt: skip


def lines(when: Sequence[str], found: Sequence[Line], suffix: str = "", partial: int = 0) -> dict[str, Any]:
    """`partial`: so many buckets at the end have not ended; they are dashed."""
    traces = []
    for i, one in enumerate(found):
        colour = SERIES[i % len(SERIES)]
        style = {"color": colour, "width": 2, "dash": DASHES[i // len(SERIES) % 3]}
        done = len(when) - partial if partial < len(when) else len(when)
        traces.append(
            go.Scatter(
                x=list(when[:done]), y=list(one.values[:done]), name=one.name, mode="lines" if done > 1 else "markers",
                line=style, marker={"color": colour, "size": 7}, connectgaps=False,
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
                    name=one.name,
                )
            )
    made: dict[str, Any] = go.Figure(data=traces, layout=layout_of(suffix, len(found) > 1)).to_plotly_json()
    return made


def columns(when: Sequence[str], found: Sequence[Line], suffix: str = "") -> dict[str, Any]:
    """Stacked; negative values hang below the line."""
    traces = [
        go.Bar(x=list(when), y=list(one.values), name=one.name, marker={"color": SERIES[i % len(SERIES)]})
        for i, one in enumerate(found)
    ]
    made: dict[str, Any] = go.Figure(data=traces, layout=layout_of(suffix, True, stacked=True)).to_plotly_json()
    return made
