"""The numbers of an evaluation that are never shown alone."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from curation.runs import Run

COLUMNS: dict[str, Any] = {
    **{
        name: st.column_config.NumberColumn(name, format="percent")
        for name in ("Accuracy", "95 % from", "95 % to", "No answer", "Cut off")
    },
    "Student": st.column_config.TextColumn("Student", width=200),
    "Tokens per answer": st.column_config.NumberColumn("Tokens per answer", format="%.0f"),
}


def numbers(scores: dict[str, Any]) -> None:
    """The numbers that are never shown alone."""
    columns = st.columns(4)
    low, high = scores.get("accuracy_low"), scores.get("accuracy_high")
    interval = None if low is None or high is None else f"{low:.1%} to {high:.1%}"
    columns[0].metric("Accuracy", share(scores.get("accuracy")), interval, delta_color="off", delta_arrow="off")
    tokens = scores.get("mean_tokens")
    columns[1].metric("Tokens per answer", "unknown" if tokens is None else f"{tokens:,.0f}")
    columns[2].metric("No answer", share(scores.get("no_answer_rate")))
    columns[3].metric("Problems", scores.get("n"))
    if scores.get("contaminated"):
        st.warning(
            f"The student was trained on {scores['contaminated']} of these problems.", icon=":material/warning:"
        )


def share(value: float | None) -> str:
    """A share in per cent."""
    return "unknown" if value is None else f"{value:.1%}"


def row(run: Run, names: Mapping[str, str]) -> dict[str, Any]:
    """A finished evaluation in the table."""
    scores = run.result("scores.json") or {}
    return {
        "Student": names.get(scores.get("student", ""), scores.get("student")),
        "Benchmark": scores.get("benchmark"),
        "Strategy": scores.get("strategy", {}).get("strategy"),
        "Accuracy": scores.get("accuracy"),
        "95 % from": scores.get("accuracy_low"),
        "95 % to": scores.get("accuracy_high"),
        "Tokens per answer": scores.get("mean_tokens"),
        "No answer": scores.get("no_answer_rate"),
        "Cut off": scores.get("cut_rate"),
        "Problems": scores.get("n"),
    }
