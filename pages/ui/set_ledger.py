"""Why a row is gone: what each step of a set's recipe did to a trace, and the rows a step dropped."""

import streamlit as st

from curation.curated import CuratedSet
from curation.ledger import Fate, Ledger
from pages.ui.state import errors


def show(curated: CuratedSet) -> None:
    """A box for a trace's id, and the rows a step dropped within bounds."""
    with st.container(border=True):
        st.markdown("**Why is this row gone?**")
        asked = st.text_input(
            "Id of a trace", key=f"why-{curated.name}", placeholder="From the traces page, a file's line or an evaluation"
        ).strip()  # fmt: skip
        if asked:
            with errors():
                fates = Ledger.of_file(curated.ledger).why(asked)
                if fates:
                    st.dataframe([row(fate) for fate in fates], hide_index=True, height="content",
                                 placeholder="", alt="What each step did to the trace")  # fmt: skip
                    st.caption(last_word(fates[-1]))
                else:
                    st.caption("No step of this set's recipe touched a trace of this id: it was not among its inputs.")
        dropped(curated)


def row(fate: Fate) -> dict[str, object]:
    """One step's doing as a row of a table."""
    return {
        "Step": f"{fate.step}. {fate.op}",
        "Trace": fate.trace_id,
        "Verdict": fate.verdict,
        "Value": fate.label,
        "Threshold": fate.threshold,
        "Reason": fate.reason,
        "Kept instead": fate.other,
        "Became": ", ".join(fate.became) or None,
    }


def last_word(fate: Fate) -> str:
    """How it ended, in one sentence."""
    if fate.verdict == "dropped":
        kept = f"; {fate.other} was kept in its place" if fate.other else ""
        return f"Step {fate.step} ({fate.op}) dropped it: {fate.reason or 'no reason was noted'}{kept}."
    if fate.verdict == "failed":
        return f"Step {fate.step} ({fate.op}) could not handle it: {fate.reason}."
    return (
        "It is in the set."
        if fate.verdict == "kept"
        else f"Step {fate.step} ({fate.op}) changed it; it is in the set."
    )


def dropped(curated: CuratedSet) -> None:
    """The rows a step dropped, between two values."""
    steps = {step.step: f"{step.step}. {step.op} ({step.rows_in - step.rows:,} dropped)"
             for step in curated.manifest.steps if step.kind == "selector" and step.rows < step.rows_in}  # fmt: skip
    if not steps:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.selectbox(
            "Rows dropped by", list(steps), format_func=lambda n: steps[n], key=f"back-{curated.name}"
        )
        low = st.number_input(
            "From value", value=None, key=f"back-low-{curated.name}", placeholder="no limit", width=150
        )
        high = st.number_input(
            "To value", value=None, key=f"back-high-{curated.name}", placeholder="no limit", width=150
        )
    with errors():
        table = Ledger.of_file(curated.ledger).back(number, low, high)
        st.caption(f"{table.num_rows:,} rows would come back" if table.num_rows < 1000 else "The first 1,000 rows")
        st.dataframe(table, hide_index=True, height=220, alt="Rows the step dropped")
