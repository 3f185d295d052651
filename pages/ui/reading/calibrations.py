"""How well verifiers agree with people: precision and recall with their intervals, as a figure and in words."""

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from curation.verifying.calibration import Calibration
from pages.ui.exploring.charts import PALETTE, layout

MEASURES = {"Precision": PALETTE[0], "Recall": PALETTE[1]}


class Share(NamedTuple):
    """One share of one verifier with its interval."""

    verifier: str
    measure: str
    value: float
    low: float
    high: float


def shares(rows: Sequence[Calibration]) -> list[Share]:
    """The shares that are known."""
    out = []
    for row in rows:
        found = {"Precision": (row.precision, row.precision_low, row.precision_high),
                 "Recall": (row.recall, row.recall_low, row.recall_high)}  # fmt: skip
        for measure, (value, low, high) in found.items():
            if value is not None and low is not None and high is not None:
                out.append(Share(row.name, measure, value, low, high))
    return out


def figure(rows: Sequence[Share]) -> go.Figure:
    """A dot with its 95 % interval for each verifier and measure."""
    drawn = go.Figure()
    for measure, colour in MEASURES.items():
        own = [row for row in rows if row.measure == measure]
        drawn.add_scatter(
            x=[row.value for row in own], y=[f"{row.verifier}, {measure.lower()}" for row in own], mode="markers",
            name=measure, marker={"color": colour, "size": 10}, hovertemplate="%{y}: %{x:.1%}<extra></extra>",
            error_x={"type": "data", "symmetric": False, "thickness": 1.6, "width": 5, "color": colour,
                     "array": [row.high - row.value for row in own],
                     "arrayminus": [row.value - row.low for row in own]},
        )  # fmt: skip
    layout(drawn, 80 + 34 * len(rows), "Share with 95 % interval", "")
    drawn.update_xaxes(tickformat=".0%", range=[0, 1.01])
    drawn.update_yaxes(autorange="reversed", type="category")
    return drawn


def sentence(row: Calibration) -> str:
    """A calibration in words, with what it rests on."""
    precision = _share("right when it says right", row.precision, row.precision_low, row.precision_high)
    recall = _share("finds of the right ones", row.recall, row.recall_low, row.recall_high)
    return f"{row.name}: {precision}; {recall}; {row.n:,} judged traces"


def _share(words: str, value: float | None, low: float | None, high: float | None) -> str:
    if value is None or low is None or high is None:
        return f"{words}: unknown"
    return f"{words}: {value:.0%} ({low:.0%} to {high:.0%})"
