"""Where tokens and roles sit: the share the longest traces hold, and what kinds of segments fill a trace's course."""

import plotly.graph_objects as go
import pyarrow as pa

from curation.query.distributions import SLICES
from curation.trace import KINDS
from pages.ui.exploring.charts import ALL, MAIN, label, layout
from pages.ui.reading.looks import COLOURS, KIND_NAMES


def concentration(table: pa.Table, name: str) -> go.Figure:
    """The share of all tokens that the longest traces hold; the straight line is equal lengths."""
    rows = [{"traces": 0.0, "held": 0.0, "shortest": None}, *table.to_pylist()]
    what = label(name).split(" (")[0].lower()
    figure = go.Figure(
        [
            go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": ALL, "width": 1, "dash": "dot"},
                       hoverinfo="skip"),
            go.Scatter(
                x=[row["traces"] for row in rows], y=[row["held"] for row in rows], mode="lines", fill="tozeroy",
                line={"color": MAIN, "width": 2}, fillcolor="rgba(42, 140, 130, .16)",
                customdata=[row["shortest"] for row in rows],
                hovertemplate="the longest %{x:.0%} hold %{y:.0%} of all " + what
                + "<br>each has at least %{customdata:,.4g}<extra></extra>",
            ),
        ]
    )  # fmt: skip
    layout(figure, 300, "Share of traces, the longest first", f"Share of all {what}")
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    return figure


def in_words(table: pa.Table, name: str) -> str:
    """What the longest tenth holds."""
    tenth = next((row for row in table.to_pylist() if row["traces"] >= 0.1), None)
    what = label(name).split(" (")[0].lower()
    return f"The longest {tenth['traces']:.0%} of the traces hold {tenth['held']:.0%} of all {what}." if tenth else ""


def roles(table: pa.Table) -> go.Figure:
    """Share of characters of each kind in each twentieth of the traces, stacked."""
    shares = {(row["slice"], row["kind"]): row["share"] for row in table.to_pylist()}
    middles = [(place + 0.5) / SLICES for place in range(SLICES)]
    figure = go.Figure()
    for kind in [kind for kind in KINDS if any(known == kind for _, known in shares)]:
        figure.add_scatter(
            x=middles, y=[shares.get((place, kind), 0.0) for place in range(SLICES)], name=KIND_NAMES[kind],
            stackgroup="kinds", mode="lines", line={"width": 0.8, "color": f"rgb({COLOURS[kind]})"},
            fillcolor=f"rgba({COLOURS[kind]}, .75)",
            hovertemplate=f"{KIND_NAMES[kind]}: %{{y:.1%}} of the characters here<extra></extra>",
        )  # fmt: skip
    layout(figure, 300, "Place in the trace, from its start to its end", "Share of characters", legend=True)
    figure.update_xaxes(tickformat=".0%", range=[middles[0], middles[-1]])
    figure.update_yaxes(tickformat=".0%", range=[0, 1])
    figure.update_layout(hovermode="x unified", legend_traceorder="normal", margin_t=44)
    return figure
