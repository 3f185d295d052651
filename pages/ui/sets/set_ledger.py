"""Why a row is gone: what each step of a set's recipe did to a trace, and the rows a step dropped."""

from collections.abc import Collection, Sequence

import streamlit as st

from curation.application.ledger import Fate, Ledger
from curation.curated import CuratedSet
from pages.ui.state import errors


def show(curated: CuratedSet) -> None:
    """A box for a trace's id, and the rows a step dropped within bounds."""
    with st.container(border=True):
        st.markdown("**Why is this row gone?**")
        asked = st.text_input(
            "Id of a trace", key=f"why-{curated.name}", placeholder="As the traces page shows it"
        ).strip()  # fmt: skip
        if asked:
            with errors():
                fates = Ledger.of_file(curated.ledger).why(asked)
                if fates:
                    st.dataframe([row(fate) for fate in fates], hide_index=True, height="content",
                                 placeholder="", alt="What each step did to the trace")  # fmt: skip
                    st.caption(last_word(fates, curated.ids()))
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


def last_word(fates: Sequence[Fate], inside: Collection[str]) -> str:
    """How it ended, in one sentence; `inside` are the ids in the set."""
    family = {one for fate in fates for one in (fate.trace_id, *fate.became)}
    kept = sorted(family & set(inside))
    if kept:
        return f"It is in the set as {', '.join(kept)}."
    last = next((fate for fate in reversed(fates) if fate.verdict in ("dropped", "failed")), fates[-1])
    if last.verdict == "failed":
        return f"Step {last.step} ({last.op}) could not handle it: {last.reason}."
    instead = f"; {last.other} was kept in its place" if last.other else ""
    return f"Step {last.step} ({last.op}) dropped it: {last.reason or 'no reason was noted'}{instead}."


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
