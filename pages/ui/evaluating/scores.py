"""The numbers of an evaluation that are never shown alone."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from curation.runs import Run

COLUMNS: dict[str, Any] = {
    **{
        name: st.column_config.NumberColumn(name, format="percent")
        for name in ("Accuracy", "95 % from", "95 % to", "Accuracy unseen", "No answer", "Cut off")
    },
    "Student": st.column_config.TextColumn("Student", width=200),
    "Tokens per answer": st.column_config.NumberColumn("Tokens per answer", format="%.0f"),
    "Seen": st.column_config.NumberColumn(
        "Seen", help="Problems the student was trained on, or on near copies of; empty where that is not known"
    ),
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
    attempts = f"{scores['n']:,} attempts" if scores.get("n") != problems(scores) else None
    columns[3].metric("Problems", problems(scores), attempts, delta_color="off", delta_arrow="off")
    remembered(scores)


def problems(scores: dict[str, Any]) -> int | None:
    """How many problems were asked; there may be several attempts at each."""
    asked = scores.get("problems")
    return scores.get("n") if asked is None else asked


def remembered(scores: dict[str, Any]) -> None:
    """What the student had seen of the problems, and its accuracy on the others."""
    trained, near = scores.get("contaminated"), scores.get("overlapping")
    if trained or near:
        parts = [f"trained on {trained:,} of these problems"] if trained else []
        parts += [f"trained on near copies of {near:,}"] if near else []
        st.warning(f"The student was {' and '.join(parts)}. {rest(scores.get('clean') or {})}",
                   icon=":material/warning:")  # fmt: skip
    elif trained is None:
        st.caption("What this student was trained on is not known, so its problems were not checked.")
    elif near == 0:
        st.caption("Neither these problems nor near copies of them are in the student's training sets.")


def rest(clean: dict[str, Any]) -> str:
    """The accuracy on the problems the student had not seen."""
    if not clean.get("n"):
        return "No problem is left that it had not seen."
    low, high = clean["accuracy_low"], clean["accuracy_high"]
    return f"On the {clean['n']:,} others: {clean['accuracy']:.1%} ({low:.1%} to {high:.1%})."


def share(value: float | None) -> str:
    """A share in per cent."""
    return "unknown" if value is None else f"{value:.1%}"


def seen(scores: dict[str, Any]) -> dict[str, Any]:
    """How many problems the student had seen, and its accuracy on the others."""
    trained, near = scores.get("contaminated"), scores.get("overlapping")
    unknown = trained is None and near is None
    return {
        "Seen": None if unknown else (trained or 0) + (near or 0),
        "Accuracy unseen": (scores.get("clean") or {}).get("accuracy"),
    }


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
        **seen(scores),
        "Tokens per answer": scores.get("mean_tokens"),
        "No answer": scores.get("no_answer_rate"),
        "Cut off": scores.get("cut_rate"),
        "Problems": problems(scores),
    }
