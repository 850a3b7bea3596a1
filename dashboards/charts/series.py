"""A metric over time, as a Plotly figure. Colours are names of CSS variables; the page fills in its theme's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from dashboards.charts.labels import plain


@dataclass(frozen=True, slots=True)
class Point:
    when: str  # ISO, of the site's wall clock
    label: str
    value: float | None
    text: str
    partial: bool = False
    before: float | None = None
    before_text: str = ""


def line(points: Sequence[Point], name: str, dash: str, fill: bool) -> go.Scatter:
    return go.Scatter(
        x=[p.when for p in points],
        y=[p.value for p in points],
        text=[f"<b>{p.text}</b>{' so far' if p.partial else ''}<br>{p.label}" for p in points],
        name=name,
        mode="lines" if len(points) > 1 else "markers",
        line={"color": "var(--series-1)", "width": 2, "dash": dash},
        marker={"color": "var(--series-1)", "size": 7},
        fill="tozeroy" if fill else "none",
        fillcolor="var(--series-1-soft)",
        hovertemplate="%{text}<extra></extra>",
        connectgaps=False,
    )


def marks(points: Sequence[Point], odd: Sequence[int]) -> go.Scatter:
    return go.Scatter(
        x=[points[i].when for i in odd], y=[points[i].value for i in odd], name="Unusual", mode="markers", hoverinfo="skip",
        marker={"color": "var(--series-2)", "size": 10, "symbol": "circle-open", "line": {"width": 2}},
    )  # fmt: skip


def flags(notes: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Annotations: a line at their moment, and a letter above that the list below explains."""
    lines = [
        {
            "type": "line",
            "x0": when,
            "x1": when,
            "y0": 0,
            "y1": 1,
            "yref": "paper",
            "line": {"color": "var(--series-6)", "width": 1, "dash": "dot"},
        }
        for when, _ in notes
    ]
    texts = [
        {
            "x": when,
            "y": 1,
            "yref": "paper",
            "yanchor": "bottom",
            "text": chr(65 + i % 26),
            "showarrow": False,
            "hovertext": plain(text),
            "font": {"size": 10, "color": "var(--ink-2)"},
        }
        for i, (when, text) in enumerate(notes)
    ]
    return {"shapes": lines, "annotations": texts}


def peak(points: Sequence[Point]) -> list[dict[str, Any]]:
    """The highest value, written at its point."""
    known = [p for p in points if p.value]
    if len(known) < 3:
        return []
    best = max(known, key=lambda p: p.value or 0)
    share = points.index(best) / max(1, len(points) - 1)
    return [
        {
            "x": best.when, "y": best.value, "text": plain(best.text), "showarrow": False, "yanchor": "bottom",
            "yshift": 3,
            "xanchor": "left" if share < 0.1 else "right" if share > 0.9 else "center",
            "font": {"size": 11, "color": "var(--series-1)"},
        }
    ]  # fmt: skip


def figure(
    points: Sequence[Point], unit: str, odd: Sequence[int] = (), notes: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """Complete buckets solid, the running one dashed from the last complete one, the comparison muted behind; unusual days
    ringed, annotations as flags."""
    done = [p for p in points if not p.partial]
    running = [p for p in points if p.partial and p.value is not None][:1]
    traces = []
    if any(p.before is not None for p in points):
        traces.append(
            go.Scatter(
                x=[p.when for p in points], y=[p.before for p in points], text=[p.before_text for p in points],
                name="Before", mode="lines", line={"color": "var(--series-6)", "width": 1.5, "dash": "dot"},
                hovertemplate="Before: %{text}<extra></extra>",
            )
        )  # fmt: skip
    if done:
        traces.append(line(done, "Now", "solid", fill=True))
    if running:
        traces.append(line([*done[-1:], *running], "Running", "dash", fill=False))
    if odd:
        traces.append(marks(points, odd))
    top = max([p.value or 0 for p in points] + [p.before or 0 for p in points], default=0)
    flagged = flags(notes)
    layout = go.Layout(
        margin={"l": 4, "r": 8, "t": 18 if notes or points else 12, "b": 4},
        showlegend=False,
        hovermode="x unified" if len(points) > 1 else "closest",
        xaxis={"showgrid": False, "fixedrange": True, "automargin": True, "nticks": 8, "tickcolor": "var(--grid)"},
        yaxis={
            "rangemode": "tozero", "fixedrange": True, "automargin": True, "nticks": 5, "zeroline": False,
            "gridcolor": "var(--grid)", "ticksuffix": "%" if unit == "percent" else "", "side": "right",
            "ticklabelposition": "outside top",
            **({"range": [0, 1]} if not top else {}),
        },
        template=None, shapes=flagged["shapes"], annotations=[*flagged["annotations"], *peak(points)],
    )  # fmt: skip
    made: dict[str, Any] = go.Figure(data=traces, layout=layout).to_plotly_json()
    return made
