"""Figures as pure functions of Arrow tables and reports: the same data gives an equal figure.

The equality matters: Streamlit forgets a selection when the figure it was made on comes back different.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go
import pyarrow as pa

from pages.ui.reading.maths import visible

PALETTE = ("#2a8c82", "#c9822b", "#6b7fd7", "#b8566f", "#7a9a3a", "#8f6bb3", "#4b9cc9", "#8a8577")
# legible on both themes
MAIN, PALE, ALL, LIMIT = PALETTE[0], "rgba(42, 140, 130, .45)", "rgba(138, 148, 146, .38)", "#d4545c"
UNITS = {
    "n_tokens": "tokens",
    "n_reasoning_tokens": "tokens of reasoning",
    "n_chars": "characters",
    "n_segments": "segments",
    "difficulty": "0 easy to 1 hard",
    "pass_rate": "share of traces right",
    "attempt_share": "share of characters",
    "repetition": "share repeated",
    "map_x": "place, no unit",
    "map_y": "place, no unit",
}
Range = tuple[float | None, float | None]


def label(name: str) -> str:
    """A column's name with its unit where it has one."""
    words = name.replace("_", " ").removeprefix("n ")
    words = words[:1].upper() + words[1:]
    unit = UNITS.get(name, "")
    return f"{words} ({unit})" if unit and unit != words.lower() else words


def layout(figure: go.Figure, height: int, x: str, y: str, legend: bool = False) -> go.Figure:
    """Labelled axes, small margins, a legend above when asked for."""
    figure.update_layout(
        height=height, margin={"l": 8, "r": 8, "t": 26 if legend else 10, "b": 8}, showlegend=legend, bargap=0.04,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "title": None}, hovermode="closest",
        xaxis={"title": {"text": x, "standoff": 6}, "automargin": True, "fixedrange": True},
        yaxis={"title": {"text": y, "standoff": 6}, "automargin": True, "rangemode": "tozero", "fixedrange": True},
    )  # fmt: skip
    return figure


def histogram(table: pa.Table, column: str, chosen: Range | None = None) -> go.Figure:
    """Rows per bin, those outside the chosen range greyed; drag over the bars to choose a range."""
    low, high = chosen or (None, None)
    middles = [(a + b) / 2 for a, b in zip(table["low"].to_pylist(), table["high"].to_pylist(), strict=True)]
    inside = [(low is None or x >= low) and (high is None or x <= high) for x in middles]
    figure = go.Figure(_bars(table, [MAIN if kept else ALL for kept in inside]))
    for limit in (low, high):
        if limit is not None:
            figure.add_vline(x=limit, line_color=LIMIT, line_width=1.5, line_dash="dot")
    figure.update_layout(dragmode="select", selectdirection="h", newselection={"line": {"color": LIMIT, "width": 1}})
    return layout(figure, 230, label(column), "Traces")


def grouped_histogram(table: pa.Table, column: str, group: str) -> go.Figure:
    """Share of each group's rows per bin, one line a group, so that groups of unequal size compare."""
    figure = go.Figure()
    for index, (name, rows) in enumerate(_groups(table)):
        total = sum(row["rows"] for row in rows) or 1
        figure.add_trace(
            go.Scatter(
                x=[(row["low"] + row["high"]) / 2 for row in rows], y=[row["rows"] / total for row in rows],
                name=f"{name} ({total:,})", mode="lines", line={"shape": "hvh", "width": 2},
                marker_color=PALETTE[index % len(PALETTE)], line_color=PALETTE[index % len(PALETTE)],
                hovertemplate=f"%{{x:.4g}}: %{{y:.1%}}<extra>{plain(name)}</extra>",
            )
        )  # fmt: skip
    figure.update_yaxes(tickformat=".0%")
    figure.update_layout(dragmode="select", selectdirection="h", newselection={"line": {"color": LIMIT, "width": 1}})
    return layout(figure, 260, label(column), f"Share of each {group.replace('_', ' ')}", legend=True)


def categories(table: pa.Table, column: str, chosen: Sequence[str] = ()) -> go.Figure:
    """Rows per value, longest first, those not chosen greyed; a bar's custom data is its value, empty for unknown."""
    rows = sorted(table.to_pylist(), key=lambda row: row["rows"])[-20:]
    values = ["" if row["value"] is None else str(row["value"]) for row in rows]
    colours = [MAIN if not chosen or value in chosen else ALL for value in values]
    figure = go.Figure(
        go.Bar(
            x=[row["rows"] for row in rows], y=[named(value) for value in values], orientation="h",
            marker_color=colours, text=[f"{row['rows']:,}" for row in rows], textposition="auto",
            customdata=values, hovertemplate="%{y}: %{x:,} traces<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(dragmode=False, clickmode="event+select")
    layout(figure, max(110, 60 + 26 * len(rows)), "Traces", "")
    figure.update_yaxes(type="category")
    return figure


def spreads(table: pa.Table, column: str, group: str, chosen: Sequence[str] = ()) -> go.Figure:
    """A box a group: 5th, 25th, 50th, 75th and 95th percentile; click one to choose the group.

    Clicks are taken by an unseen bar over each box, since a box drawn from percentiles has no points to select.
    """
    rows = table.to_pylist()
    names = [f"{named(row['group'])} ({row['rows']:,})" for row in rows]
    values = ["" if row["group"] is None else str(row["group"]) for row in rows]
    figure = go.Figure()
    for index, (name, value, row) in enumerate(zip(names, values, rows, strict=True)):
        colour = MAIN if not chosen or value in chosen else ALL
        figure.add_box(
            y=[name], orientation="h", marker_color=colour, lowerfence=[row["low"]], q1=[row["q1"]],
            median=[row["median"]], q3=[row["q3"]], upperfence=[row["high"]], hoverinfo="skip", offsetgroup=str(index),
        )  # fmt: skip
    figure.add_bar(
        y=names, x=[row["high"] - row["low"] for row in rows], base=[row["low"] for row in rows], orientation="h",
        marker_color="rgba(0, 0, 0, 0)", marker_line_width=0, width=0.9, customdata=values,
        text=[f"median {row['median']:,.4g}, half of them {row['q1']:,.4g} to {row['q3']:,.4g}" for row in rows],
        textposition="none", hovertemplate="%{y}: %{text}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(boxmode="overlay", barmode="overlay", dragmode=False, clickmode="event+select")
    layout(figure, max(120, 70 + 34 * len(rows)), f"{label(column)}, 5th to 95th percentile", "")
    figure.update_yaxes(autorange="reversed", type="category", rangemode="normal")
    return figure


def backdrop(table: pa.Table, limits: Sequence[float]) -> go.Figure:
    """A low histogram without axes to sit above a slider, the limits as lines."""
    figure = go.Figure(_bars(table, ALL))
    for limit in limits:
        figure.add_vline(x=limit, line_color=LIMIT, line_width=2)
    span = [table["low"][0].as_py(), table["high"][-1].as_py()] if len(table) else None
    figure.update_layout(height=64, margin={"l": 6, "r": 6, "t": 2, "b": 0}, showlegend=False, bargap=0.04)
    figure.update_xaxes(visible=False, range=span, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True)
    return figure


class Interval(NamedTuple):
    """One student's share with its interval."""

    name: str
    value: float
    low: float
    high: float


def accuracies(rows: Sequence[Interval]) -> go.Figure:
    """Accuracy with its 95 % interval, one dot a student."""
    figure = go.Figure(
        go.Scatter(
            x=[row.value for row in rows], y=[row.name for row in rows], mode="markers", marker_color=MAIN,
            marker_size=10, hovertemplate="%{y}: %{x:.1%}<extra></extra>",
            error_x={
                "type": "data", "symmetric": False, "thickness": 1.6, "width": 5, "color": MAIN,
                "array": [row.high - row.value for row in rows],
                "arrayminus": [row.value - row.low for row in rows],
            },
        )
    )  # fmt: skip
    layout(figure, 70 + 32 * len(rows), "Accuracy with 95 % interval", "")
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(autorange="reversed", type="category")
    return figure


def shorten(text: str, length: int = 34) -> str:
    """A name that fits beside a bar, its signs kept from being read as HTML."""
    text = visible(text)
    return plain(text if len(text) <= length else f"{text[: length - 1]}…")


def plain(text: str) -> str:
    """Text whose signs are kept from being read as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def named(value: object) -> str:
    """A group's name for a chart."""
    if isinstance(value, bool):
        return str(value).lower()
    return "unknown" if value is None or value == "" else shorten(str(value))


def _bars(table: pa.Table, colour: str | Sequence[str]) -> go.Bar:
    ends = list(zip(table["low"].to_pylist(), table["high"].to_pylist(), strict=True))
    return go.Bar(
        x=[(low + high) / 2 for low, high in ends], width=[(high - low) * 0.94 for low, high in ends],
        y=table["rows"].to_pylist(), marker_color=colour, customdata=ends,
        hovertemplate="%{customdata[0]:.4g} to %{customdata[1]:.4g}: %{y:,} traces<extra></extra>",
        selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 0.5}},
    )  # fmt: skip


def _groups(table: pa.Table) -> list[tuple[str, list[dict[str, Any]]]]:
    """Rows by group, the eight largest groups in order of size."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        found.setdefault(named(row["group"]), []).append(row)
    return sorted(found.items(), key=lambda item: -sum(row["rows"] for row in item[1]))[: len(PALETTE)]
