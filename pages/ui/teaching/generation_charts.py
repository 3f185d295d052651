"""Figures of a run that generates traces."""

from collections.abc import Mapping

import plotly.graph_objects as go

from pages.ui.exploring.charts import ALL, LIMIT, MAIN, layout

# how an answer ends, in words; any other is a cause of a failure
WORDS = {"stop": "ended by itself", "length": "cut off at the limit", "filtered": "withheld by the server"}
ROW, FRAME = 30, 70  # pixels


def endings(counts: Mapping[str, int]) -> go.Figure:
    """How the answers ended, the commonest first; whole ones in the main colour, failed ones in that of limits."""
    rows = sorted(counts.items(), key=lambda item: item[1])
    figure = go.Figure(
        go.Bar(
            x=[count for _, count in rows], y=[WORDS.get(name, name.replace("_", " ")) for name, _ in rows],
            orientation="h", text=[f"{count:,}" for _, count in rows], textposition="auto",
            marker_color=[MAIN if name == "stop" else ALL if name in WORDS else LIMIT for name, _ in rows],
            hovertemplate="%{y}: %{x:,} answers<extra></extra>",
        )
    )  # fmt: skip
    layout(figure, FRAME + ROW * len(rows), "Answers", "")
    figure.update_yaxes(type="category")
    return figure
