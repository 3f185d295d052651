"""The other traces of a problem: other teachers, and what a mapper made of a trace; opened, or read side by side."""

from typing import Any

import streamlit as st

from curation.trace import Trace
from curation.workspace import Workspace
from pages.ui.reading import side_by_side, trace_view
from pages.ui.reading.maths import inline
from pages.ui.state import get, put

KNOWN = ("n_tokens", "correct", "given_correct", "n_chars")
SHOWN = 20  # links


def of(work: Workspace, trace: Trace) -> list[dict[str, Any]]:
    """Light columns and scores of the other traces of the problem, what they are to this one among them."""
    rows = [row for row in work.store.siblings(trace.problem.id).to_pylist() if row["id"] != trace.id]
    return [{**row, "relation": relation(trace, row)} for row in rows]


def relation(trace: Trace, other: dict[str, Any]) -> str:
    """What another trace of the problem is to this one."""
    if other["id"] == trace.parent_id:
        return "before"
    return "after" if other["parent_id"] == trace.id else ""


def label(row: dict[str, Any]) -> str:
    """Another trace in a few words."""
    facts = [f"{name} {trace_view.shown(row[name])}" for name in KNOWN if row.get(name) is not None]
    said = [row["decision"]] if row.get("decision") else []
    return ", ".join([*filter(None, [row["relation"]]), row["model"] or "unknown teacher", *facts, *said])


def beside(others: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The trace that is read beside this one."""
    asked = get("beside")
    return next((row for row in others if row["id"] == asked), None)


def choose(others: list[dict[str, Any]]) -> None:
    """A box to choose the trace to read beside this one."""
    if not others:
        return
    names = {row["id"]: label(row) for row in others}
    chosen = beside(others)
    key = f"beside-{others[0]['id']}-{len(others)}"
    st.session_state[key] = chosen["id"] if chosen else None
    st.selectbox(
        "Side by side with", list(names), None, width=260, key=key, label_visibility="collapsed",
        placeholder="Side by side with …", format_func=lambda value: names[value],
        on_change=lambda: put("beside", st.session_state[key]),
    )  # fmt: skip


def compare(trace: Trace, other: Trace, row: dict[str, Any]) -> None:
    """Both traces in two columns; the earlier version on the left."""
    here = f"This trace, {trace.model or 'unknown teacher'}"
    there = label(row)
    swapped = row["relation"] == "before"
    names = (there, here) if swapped else (here, there)
    for name, column in zip(names, st.columns(2, gap="small"), strict=True):
        column.caption(inline(name))
    st.html(side_by_side.table(other, trace) if swapped else side_by_side.table(trace, other))
    st.button("Open the other trace", icon=":material/open_in_new:", on_click=put, args=("trace", other.id))


def links(others: list[dict[str, Any]]) -> None:
    """The other traces, each to be opened."""
    if not others:
        return
    with st.expander(f"Other traces of this problem ({len(others)})", icon=":material/account_tree:"):
        for row in others[:SHOWN]:
            st.button(inline(label(row)), key=f"sibling-{row['id']}", type="tertiary", on_click=put,
                      args=("trace", row["id"]))  # fmt: skip
        if len(others) > SHOWN:
            st.caption(f"and {len(others) - SHOWN} more; sort the list by problem to see them")
