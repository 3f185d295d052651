"""What metrics.jsonl holds, grouped and drawn: of one run all names of a group, of several runs one name each."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from pages.ui.exploring.charts import PALETTE, layout, plain

Lines = Sequence[Mapping[str, Any]]
# the first pattern found in a name decides; the order is that of the choice
GROUPS = {
    "Loss": ("loss",),
    "Accuracy": ("accurac",),
    "Margins": ("margin", "logps", "log_odds", "odds"),
    "Rewards": ("reward",),
    "Lengths": ("length", "clipped_ratio"),
    "Speed": ("tokens_per_second",),
    "Use of the device": ("mfu",),
    "Learning rate": ("learning_rate",),
    "Gradient norm": ("grad_norm",),
}
OTHER = "Other"
UNITS = {
    "Loss": "Loss (nats per token)",
    "Accuracy": "Share right",
    "Speed": "Tokens per second",
    "Use of the device": "Share of the peak FLOP/s",
}
SHARES = ("Accuracy", "Use of the device")
AXES = {"Steps": "step", "Tokens": "tokens", "Seconds": "seconds"}
NO_CURVE = {"time", "step", "max_steps", "stage", "tokens", "seconds", "eta_seconds", "done", "total", "label"}
FEW, ROUND_HEIGHT = 40, 270  # points drawn with markers; pixels


def groups(lines: Lines) -> dict[str, list[str]]:
    """The names that have numbers, by group, in the order in which groups are offered."""
    names = list(dict.fromkeys(name for line in lines for name, value in line.items() if _drawn(name, value)))
    by_group: dict[str, list[str]] = {group: [] for group in (*GROUPS, OTHER)}
    for name in sorted(names, key=lambda name: (name != "loss", name)):
        by_group[group_of(name)].append(name)
    return {group: found for group, found in by_group.items() if found}


def group_of(name: str) -> str:
    """The group a name belongs to."""
    return next((group for group, marks in GROUPS.items() if any(mark in name for mark in marks)), OTHER)


def words(name: str) -> str:
    """A metric's name as people say it."""
    text = name.replace("_", " ").replace("/", ": ").replace("held out", "held-out")
    return "MFU" if text == "mfu" else text[:1].upper() + text[1:]


def one_run(lines: Lines, group: str, names: Sequence[str], axis: str = "step") -> go.Figure:
    """All names of a group against steps, tokens or seconds."""
    figure = go.Figure([_line(lines, name, axis, words(name), place) for place, name in enumerate(names)])
    return _framed(figure, group, axis)


def several(runs: Mapping[str, Lines], name: str, axis: str = "step") -> go.Figure:
    """One name of several runs, a line each."""
    drawn = [_line(lines, name, axis, label, place) for place, (label, lines) in enumerate(runs.items())]
    figure = _framed(go.Figure([line for line in drawn if len(line.x)]), group_of(name), axis)
    return figure.update_layout(showlegend=True).update_yaxes(title_text=UNITS.get(group_of(name), words(name)))


def _drawn(name: str, value: object) -> bool:
    return name not in NO_CURVE and isinstance(value, int | float) and not isinstance(value, bool)


def _line(lines: Lines, name: str, axis: str, label: str, place: int) -> go.Scatter:
    points = [(line[axis], line[name]) for line in lines if line.get(name) is not None and line.get(axis) is not None]
    return go.Scatter(
        x=[x for x, _ in points], y=[y for _, y in points], name=plain(label),
        line_color=PALETTE[place % len(PALETTE)], line_width=2,
        mode="lines+markers" if len(points) < FEW else "lines", marker_size=5,
        line_dash="solid" if place < len(PALETTE) else "dot",
    )  # fmt: skip


def _framed(figure: go.Figure, group: str, axis: str) -> go.Figure:
    title = {field: name[:-1] if name == "Steps" else name for name, field in AXES.items()}[axis]
    layout(figure, ROUND_HEIGHT, title, UNITS.get(group, group), legend=len(figure.data) > 1)
    if group in SHARES:
        figure.update_yaxes(tickformat=".0%")
    if group == "Loss":  # a loss near 1 would be squeezed above an axis that starts at 0
        figure.update_yaxes(rangemode="normal")
    return figure
