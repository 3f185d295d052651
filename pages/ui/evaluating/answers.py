"""The answers of one evaluation: the wrong ones first, one at a time to read."""

import json
from typing import Any, get_args

import pyarrow as pa
import streamlit as st

from pages.ui.picking import pick
from pages.ui.reading import trace_view
from pages.ui.reading.maths import inline, visible
from training.comparing.outcomes import Outcome, chosen

PAGE = 50
OUTCOMES: dict[Outcome, str] = {
    "wrong": "Wrong",
    "no_answer": "No answer",
    "cut": "Cut off",
    "right": "Right",
    "seen": "Seen in training",
    "all": "All, wrong first",
}


def show(samples: pa.Table, seen: list[str], key: str) -> None:
    """Choose an outcome, list its answers, read one."""
    tables = {outcome: chosen(samples, outcome, seen) for outcome in get_args(Outcome)}
    offered = [outcome for outcome in OUTCOMES if len(tables[outcome]) or outcome in ("wrong", "all")]
    outcome = st.segmented_control(
        "Answers", offered, default=offered[0] if len(tables["wrong"]) else "all", required=True, key=f"{key}-outcome",
        format_func=lambda name: f"{OUTCOMES[name]} ({len(tables[name]):,})", label_visibility="collapsed",
    )  # fmt: skip
    table = tables[outcome]
    if not len(table):
        st.caption("No answer has this outcome.")
        return
    pages = -(-len(table) // PAGE)
    number = st.pagination(pages, key=f"{key}-page-{outcome}") if pages > 1 else 1
    listed(table.slice((number - 1) * PAGE, PAGE).to_pylist(), f"{key}-{outcome}-{number}")


def listed(rows: list[dict[str, Any]], key: str) -> None:
    """A page of answers, and the chosen one in full."""
    ids = [f"{row['problem_id']}-{row['sample']}" for row in rows]
    several = any(row["sample"] for row in rows)
    lines = [line(row) | ({"Attempt": row["sample"] + 1} if several else {}) for row in rows]
    place = pick(lines, ids, "answer", key)
    answer(rows[place], key)


def line(row: dict[str, Any]) -> dict[str, Any]:
    """An answer in the table."""
    return {
        "Question": visible(row["question"]),
        "Reference": row["reference"],
        "Answer": row["answer"],
        "Tokens": row["n_tokens"],
        "Finish": "cut off" if row["finish_reason"] == "length" else "ended",
        "Subject": row["subject"],
    }


def answer(row: dict[str, Any], key: str) -> None:
    """Question, reference, and what the student wrote; rendered or as it is."""
    left, right = st.columns([5, 7], gap="medium")
    with left, st.container(border=True):
        trace_view.show_text(row["question"], "w-question")
        st.caption(inline(f"Reference answer {row['reference']} · {row['subject'] or 'no subject'}"))
    with right:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge("right" if row["correct"] else "wrong", color="green" if row["correct"] else "red",
                     icon=":material/check:" if row["correct"] else ":material/close:")  # fmt: skip
            st.caption(inline(about(row)), width="content")
            raw = st.toggle("As written", key=f"{key}-raw")
        if raw:
            st.code(visible(row["output"]) or "(nothing)", language=None, wrap_lines=True)
        else:
            trace_view.show_text(row["output"] or "(nothing)")


def about(row: dict[str, Any]) -> str:
    """The answer, its length and how it ended, and what the strategy noted."""
    given = "no answer" if row["answer"] is None else f"answer {row['answer']}"
    end = "cut off at the limit" if row["finish_reason"] == "length" else "ended by itself"
    return ", ".join([given, f"{row['n_tokens']} tokens", end, *notes(row.get("facts"))])


def notes(facts: str | None) -> list[str]:
    """What the strategy noted of an attempt, such as its budget, in words."""
    noted = json.loads(facts) if facts else {}
    named = {name.replace("_", " "): value for name, value in noted.items() if value is not None}
    return [f"{name} {str(value).lower() if isinstance(value, bool) else value}" for name, value in named.items()]
