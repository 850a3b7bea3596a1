"""Where people are, as a Plotly map that needs nothing from elsewhere."""

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go


def figure(countries: Sequence[tuple[str, str, int]]) -> dict[str, Any]:
    """`countries`: (ISO alpha-3, name, visitors). The shade goes by the logarithm, or one country would hide the rest."""
    most = max((n for *_, n in countries), default=1)
    trace = go.Choropleth(
        locations=[code for code, _, _ in countries],
        z=[math.log1p(n) for *_, n in countries],
        zmin=0,
        zmax=math.log1p(most),
        text=[f"<b>{name}</b><br>{n:,} visitor{'s' if n != 1 else ''}" for _, name, n in countries],
        customdata=[code for code, _, _ in countries],
        hovertemplate="%{text}<extra></extra>",
        colorscale=[[0, "var(--map-none)"], [1, "var(--series-1)"]],
        showscale=False,
        marker={"line": {"color": "var(--surface)", "width": 0.5}},
    )
    layout = go.Layout(
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        dragmode=False,
        geo={
            "projection": {"type": "natural earth"}, "showframe": False, "showcoastlines": False, "showland": True,
            "landcolor": "var(--map-none)", "showcountries": False, "showlakes": False, "showocean": False,
            "bgcolor": "rgba(0,0,0,0)", "lataxis": {"range": [-57, 84]},
        },
        template=None,
    )  # fmt: skip
    made: dict[str, Any] = go.Figure(data=[trace], layout=layout).to_plotly_json()
    return made
