"""What a recipe leaves, step by step: bars, a table, and the reasons rows were dropped."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from curation.report import StepReport
from pages.ui import charts

COUNTS = ("Rows left", "Dropped", "Changed", "Failed", "Problems", "Tokens")


def table(reports: Sequence[StepReport]) -> list[dict[str, Any]]:
    """One row a step: what came in, what is left, what changed or failed."""
    return [
        {
            "Step": f"{report.step}. {report.op}",
            "Rows left": report.rows,
            "Dropped": report.rows_in - report.rows if report.kind == "selector" else None,
            "Changed": report.changed if report.kind == "mapper" else None,
            "Failed": report.failed,
            "Problems": report.problems,
            "Tokens": report.tokens,
            "Counts": "estimated" if report.estimated else "exact",
            "Seconds": report.seconds,
        }
        for report in reports
    ]


def reasons(reports: Sequence[StepReport]) -> list[dict[str, Any]]:
    """Why rows were dropped, most frequent first within a step."""
    return [
        {"Step": f"{report.step}. {report.op}", "Reason": reason, "Rows": rows}
        for report in reports
        for reason, rows in report.reasons.items()
    ]


def show(reports: Sequence[StepReport], rows_in: int, key: str) -> None:
    """Draw bars, table and reasons."""
    measures = ["rows", "problems"] + (["tokens"] if any(report.tokens is not None for report in reports) else [])
    measure = st.segmented_control(
        "Count", measures, default="rows", required=True, key=f"{key}-measure", label_visibility="collapsed",
        format_func=str.capitalize,
    )  # fmt: skip
    st.plotly_chart(
        charts.funnel(reports, rows_in, measure or "rows"), key=f"{key}-funnel", config={"displayModeBar": False},
        alt=f"{measure} left after each step",
    )  # fmt: skip
    if any(report.estimated for report in reports):
        st.caption("Pale bars are estimated from a sample, since these steps read text; freezing the set is exact.")
    st.dataframe(
        table(reports), hide_index=True, height="content", placeholder="", row_height=29, alt="Counts per step",
        column_config={name: st.column_config.NumberColumn(name, format="localized") for name in COUNTS},
    )  # fmt: skip
    why = reasons(reports)
    if why:
        st.caption("Reasons, with numbers left out")
        st.dataframe(why, hide_index=True, height="content", alt="Reasons per step")
