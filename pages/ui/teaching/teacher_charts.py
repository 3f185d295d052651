"""Figures and rows of teachers side by side: pass rates, who is right where another is wrong, who judged what."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from curation.comparing.agreement import Agreement
from curation.comparing.teachers import Duel, Teacher
from pages.ui.exploring.charts import Interval, accuracies, layout, named, shorten

COLOURS = ["rgba(31, 122, 113, 0.08)", "rgba(31, 122, 113, 1)"]  # over either theme


def rows(found: Sequence[Teacher]) -> list[dict[str, Any]]:
    """One row a teacher, what is unknown left empty."""
    return [
        {
            "Name": one.name, "Problems": one.problems, "Traces": one.traces, "Pass rate": one.pass_rate,
            "95 % from": one.interval.low if one.interval else None,
            "95 % to": one.interval.high if one.interval else None,
            "Median length": one.median, "First quartile": one.q1, "Third quartile": one.q3,
            "No answer": one.no_answer, "Unfinished": one.unfinished,
            "Cost": one.cost, "Cost per correct": one.cost_per_correct,
        }
        for one in found
    ]  # fmt: skip


def pass_rates(found: Sequence[Teacher]) -> go.Figure | None:
    """Pass rate with its interval, one dot a teacher; None where nobody was judged."""
    drawn = [
        Interval(shorten(one.name), one.pass_rate, one.interval.low, one.interval.high)
        for one in found
        if one.pass_rate is not None and one.interval
    ]
    if not drawn:
        return None
    figure = accuracies(drawn)
    figure.update_traces(cliponaxis=False)  # a dot at 0 % is drawn whole
    figure.update_xaxes(title_text="Pass rate with 95 % interval")
    return figure


def ahead(found: Sequence[Duel]) -> go.Figure | None:
    """How often the teacher of a line is right where that of a column is wrong; None before two were judged."""
    if not found:
        return None
    shares = {(one.first, one.second): (one.first_alone, one.problems) for one in found}
    shares |= {(one.second, one.first): (one.second_alone, one.problems) for one in found}
    names = list(dict.fromkeys(name for one in found for name in (one.first, one.second)))
    cells = [[shares.get((line, other), (None, 0)) for other in names] for line in names]
    return _map([shorten(name, 24) for name in names], cells, "is wrong", "is right", ".0%")


def confusion(found: Agreement, judge: str, person: str) -> go.Figure:
    """Rows by what the judge called them and what a person did."""
    counts = [[(count, found.n) for count in line] for line in found.table]
    return _map([named(label) for label in found.labels], counts, shorten(person), shorten(judge), ",")


def _map(names: list[str], cells: list[list[tuple[Any, int]]], across: str, down: str, shown: str) -> go.Figure:
    most = max((value for line in cells for value, _ in line if value), default=1)
    figure = go.Figure(
        go.Heatmap(
            x=names, y=names, z=[[value for value, _ in line] for line in cells],
            customdata=[[n for _, n in line] for line in cells], colorscale=COLOURS, zmin=0, zmax=most, xgap=2, ygap=2,
            texttemplate=f"%{{z:{shown}}}", showscale=False, hoverongaps=False,
            hovertemplate=f"%{{y}} {down}, %{{x}} {across}: %{{z:{shown}}} of %{{customdata:,}}<extra></extra>",
        )
    )  # fmt: skip
    layout(figure, 110 + 40 * len(names), across, down)
    figure.update_layout(width=300 + 120 * len(names))
    figure.update_xaxes(type="category", side="bottom")
    figure.update_yaxes(type="category", autorange="reversed", rangemode="normal")
    return figure
