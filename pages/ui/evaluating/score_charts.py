"""Figures of what strategies measure: obtained against requested length, and accuracy against attempts."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from pages.ui.exploring.charts import ALL, MAIN, PALETTE, Interval, accuracies, layout, shorten
from training.comparing.outcomes import Group

OBTAINED = ("mean_thinking_tokens", "mean_tokens")
MOST = 12  # groups that fit


def lengths(rows: Sequence[Mapping[str, Any]]) -> go.Figure | None:
    """Tokens written against tokens asked for, the dotted line where both are equal; None without budgets."""
    name = next((name for name in OBTAINED if all(row.get(name) is not None for row in rows)), None)
    if name is None or not all(row.get("budget") for row in rows):
        return None
    ordered = sorted(rows, key=lambda row: row["budget"])
    asked = [row["budget"] for row in ordered]
    figure = go.Figure()
    figure.add_scatter(x=asked, y=asked, mode="lines", line={"dash": "dot", "color": ALL}, name="as asked")
    figure.add_scatter(
        x=asked, y=[row[name] for row in ordered], mode="lines+markers", line_color=MAIN, name="obtained",
        customdata=[row.get("accuracy") for row in ordered],
        hovertemplate="asked %{x:,}, obtained %{y:,.0f} tokens, accuracy %{customdata:.1%}<extra></extra>",
    )  # fmt: skip
    return layout(figure, 260, "Tokens asked for", "Tokens obtained (mean)", legend=True)


def repeats(rows: Sequence[Mapping[str, float]]) -> go.Figure:
    """pass@k and maj@k against k."""
    names = {"pass": "any of k right (pass@k)", "maj": "vote of k right (maj@k)"}
    figure = go.Figure()
    for colour, (kind, name) in zip(PALETTE, names.items(), strict=False):
        drawn = [row for row in rows if kind in row]
        figure.add_scatter(
            x=[row["k"] for row in drawn], y=[row[kind] for row in drawn], mode="lines+markers", name=name,
            line_color=colour, hovertemplate="k = %{x}: %{y:.1%}<extra></extra>",
        )  # fmt: skip
    layout(figure, 260, "Attempts k", "Share of problems", legend=True)
    figure.update_yaxes(tickformat=".0%", range=[0, 1])
    figure.update_xaxes(type="category")
    return figure


def by_group(groups: Sequence[Group]) -> go.Figure:
    """Accuracy of each group with its interval, the largest groups."""
    rows = [
        Interval(f"{shorten(group.name, 24)} ({group.problems:,})", group.accuracy, group.low, group.high)
        for group in groups[:MOST]
    ]
    figure = accuracies(rows)
    figure.update_traces(cliponaxis=False)  # a dot at 0 % is drawn whole
    return figure
