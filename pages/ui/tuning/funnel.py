"""What a recipe leaves, step by step: one dense table of rows, problems and tokens with bars, and why rows went.

Written as HTML rather than as a chart, so that it is redrawn at once while a slider moves.
"""

import html
from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from curation.application.report import StepReport
from pages.ui.reading.maths import visible

SHOWN = 4  # reasons of a step told at once
# translucent, so that both themes keep their text colour
STYLE = """<style>
.w-funnel {width: 100%; border-collapse: collapse; font-size: .86rem; font-variant-numeric: tabular-nums;}
.w-funnel th {font-weight: 500; opacity: .65; text-align: left; padding: 0 .6rem .2rem 0; font-size: .78rem;
  border: none;}
.w-funnel td {padding: .22rem .6rem .22rem 0; border: none; border-top: 1px solid rgba(128, 138, 150, .22);
  vertical-align: top;}
.w-funnel td.w-count {width: 19%; white-space: nowrap;}
.w-funnel .w-bar {height: 5px; border-radius: 2px; background: rgba(128, 138, 150, .22); margin-top: .12rem;
  overflow: hidden; display: flex;}
.w-funnel .w-left {background: rgb(42, 140, 130);}
.w-funnel .w-gone {background: rgba(212, 84, 92, .55);}
.w-funnel .w-about .w-left {background: rgba(42, 140, 130, .5);}
.w-funnel .w-why {font-size: .78rem; opacity: .75; line-height: 1.35;}
.w-funnel .w-why b {font-weight: 500;}
</style>"""


class Start(NamedTuple):
    """What a recipe starts from; None where it is not known."""

    rows: int
    problems: int | None = None
    tokens: int | None = None


def show(reports: Sequence[StepReport], rows_in: int, key: str, start: Start | None = None) -> None:
    """Draw the table, and a word about estimated counts."""
    with st.container(key=f"{key}-funnel"):
        st.html(STYLE + table(reports, start or Start(rows_in)))
    if any(report.estimated for report in reports):
        st.caption(
            "Pale bars: estimated from a sample, as a step before them reads text. Freezing the set counts exactly."
        )


def table(reports: Sequence[StepReport], start: Start) -> str:
    """The funnel as HTML: the rows at the start, then a row a step."""
    scales = {
        "rows": max([start.rows, *(report.rows for report in reports)]),
        "problems": max([start.problems or 0, *(report.problems for report in reports)]),
        "tokens": max([start.tokens or 0, *(report.tokens or 0 for report in reports)]),
    }
    first = "".join(
        _cell(count, count, scales[name], False)
        for name, count in (("rows", start.rows), ("problems", start.problems), ("tokens", start.tokens))
    )
    body, before = [f"<tr><td>At the start</td>{first}</tr>"], start
    for report in reports:
        body.append(_row(report, before, scales))
        before = Start(report.rows, report.problems, report.tokens)
    head = "".join(f"<th>{name}</th>" for name in ("Step", "Rows", "Problems", "Tokens"))
    return f'<table class="w-funnel" aria-label="Counts per step"><tr>{head}</tr>{"".join(body)}</table>'


def _row(report: StepReport, before: Start, scales: dict[str, int]) -> str:
    counts = {"rows": report.rows, "problems": report.problems, "tokens": report.tokens}
    cells = "".join(
        _cell(count, was, scales[name], report.estimated)
        for (name, count), was in zip(counts.items(), before, strict=True)
    )
    return f"<tr><td>{report.step}. {html.escape(report.op)}{_why(report)}</td>{cells}</tr>"


def _cell(count: int | None, before: int | None, scale: int, estimated: bool) -> str:
    if count is None:
        return '<td class="w-count"><span style="opacity: .5">not counted</span></td>'
    left, gone = _percent(count, scale), _percent(max(0, (before or 0) - count), scale)
    bar = f'<div class="w-left" style="width: {left}%"></div><div class="w-gone" style="width: {gone}%"></div>'
    about = "about " if estimated else ""
    return f'<td class="w-count{" w-about" if estimated else ""}">{about}{count:,}<div class="w-bar">{bar}</div></td>'


def _percent(count: int, whole: int) -> float:
    return round(100 * count / whole, 2) if whole else 0


def _why(report: StepReport) -> str:
    """What happened at a step in a few words: changed and failed rows, and the commonest reasons of dropping."""
    told = [f"<b>{report.changed:,}</b> changed"] if report.changed else []
    told += [f"<b>{report.failed:,}</b> failed"] if report.failed else []
    told += [f"<b>−{rows:,}</b> {html.escape(visible(reason))}" for reason, rows in report.reasons.items()][:SHOWN]
    more = len(report.reasons) - SHOWN
    told += [f"and {more} further reasons"] if more > 0 else []
    return f'<div class="w-why">{"<br>".join(told)}</div>' if told else ""
