"""Accuracy against tokens per answer: each student with its interval, and a line through those no other beats."""

from collections.abc import Sequence

import plotly.graph_objects as go

from pages.ui.exploring.charts import ALL, MAIN, layout, plain
from training.comparing.scoreboard import Line


def figure(lines: Sequence[Line]) -> go.Figure:
    """One numbered point a student, as in the table; the dashed line is the frontier."""
    known = [(number, line) for number, line in enumerate(lines, 1) if line.accuracy is not None]
    best = sorted((line.tokens or 0, line.accuracy or 0) for _, line in known if line.on_frontier)
    drawn = go.Figure(
        go.Scatter(
            x=[tokens for tokens, _ in best], y=[accuracy for _, accuracy in best], mode="lines", hoverinfo="skip",
            line={"color": MAIN, "dash": "dot", "width": 1.5},
        )
    )  # fmt: skip
    for on_frontier, colour in ((False, ALL), (True, MAIN)):
        drawn.add_trace(_points([(n, line) for n, line in known if line.on_frontier is on_frontier], colour))
    layout(drawn, 300, "Tokens per answer", "Accuracy with 95 % interval")
    drawn.update_yaxes(tickformat=".0%", range=[0, 1])
    # room at the right for the last number
    drawn.update_xaxes(range=[0, 1.15 * max((line.tokens or 0 for line in lines), default=0) or 1])
    return drawn


def _points(known: list[tuple[int, Line]], colour: str) -> go.Scatter:
    return go.Scatter(
        x=[line.tokens for _, line in known], y=[line.accuracy for _, line in known], mode="markers+text",
        text=[str(number) for number, _ in known], textposition="top right", marker={"color": colour, "size": 10},
        error_y={
            "type": "data", "symmetric": False, "thickness": 1.4, "width": 4, "color": colour,
            "array": [(line.high or 0) - (line.accuracy or 0) for _, line in known],
            "arrayminus": [(line.accuracy or 0) - (line.low or 0) for _, line in known],
        },
        hovertext=[plain(line.name) for _, line in known], hovertemplate="%{hovertext}: %{y:.1%}<extra></extra>",
    )  # fmt: skip
