"""Figures of a study: accuracy and tokens against a knob with intervals, and a map of two knobs."""

from collections.abc import Sequence

import plotly.graph_objects as go

from pages.ui.exploring.charts import PALETTE, layout, plain, shorten
from training.studies.view import Heat, Line, Measure

TITLES: dict[Measure, str] = {"accuracy": "Accuracy with 95 % interval", "tokens": "Tokens per answer"}
COLOURS = ["#e3f1ef", "#9dcec8", "#51a59c", "#1f7a71", "#0b3834"]


def sweep(found: Sequence[Line], knob: str, measure: Measure) -> go.Figure:
    """A value with its interval at each position of a knob; names are not joined by a line."""
    figure = go.Figure()
    for number, line in enumerate(found):
        colour, numbers = PALETTE[number % len(PALETTE)], all(isinstance(x, float) for x in line.x)
        percent = ":.1%" if measure == "accuracy" else ":,.0f"
        figure.add_scatter(
            x=line.x if numbers else [shorten(str(x)) for x in line.x], y=line.values, name=shorten(line.name),
            mode="lines+markers" if numbers else "markers", marker={"size": 8, "color": colour}, line_color=colour,
            error_y={
                "type": "data", "symmetric": False, "thickness": 1.4, "width": 4, "color": colour,
                "array": [high - value for high, value in zip(line.high, line.values, strict=True)],
                "arrayminus": [value - low for low, value in zip(line.low, line.values, strict=True)],
            },
            hovertemplate=f"%{{x}}: %{{y{percent}}}<extra>{plain(line.name)}</extra>",
        )  # fmt: skip
    layout(figure, 300, shorten(knob, 60), TITLES[measure], legend=len(found) > 1)
    if measure == "accuracy":
        figure.update_yaxes(tickformat=".0%", range=[0, 1])
    if found and not all(isinstance(x, float) for line in found for x in line.x):
        figure.update_xaxes(type="category")
        figure.update_layout(scattermode="group")
    return figure


def heat_map(found: Heat, across: str, down: str, measure: Measure) -> go.Figure:
    """Two knobs against each other, each cell with its interval when pointed at."""
    shown = ".0%" if measure == "accuracy" else ",.0f"
    figure = go.Figure(
        go.Heatmap(
            x=[shorten(name) for name in found.x], y=[shorten(name) for name in found.y], z=found.values,
            customdata=found.words, hovertemplate="%{x}, %{y}: %{customdata}<extra></extra>",
            texttemplate=f"%{{z:{shown}}}", colorscale=COLOURS, hoverongaps=True, xgap=2, ygap=2,
            colorbar={"tickformat": shown, "thickness": 12, "outlinewidth": 0},
        )
    )  # fmt: skip
    layout(figure, 180 + 44 * len(found.y), shorten(across, 60), shorten(down, 40))
    figure.update_xaxes(type="category")
    figure.update_yaxes(type="category", autorange="reversed", rangemode="normal")
    return figure
