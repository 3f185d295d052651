"""Disk use of runs and clean-up: what is kept and why, what may go, asked once with the bytes."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from curation.errors import UserError
from curation.tidying import Removable, needed, old_checkpoints, remove, size, unneeded
from curation.workspace import Workspace
from pages.ui.reading.maths import visible
from pages.ui.runs.run_list import amount
from pages.ui.state import put

SAID = "clean-up-said"


@st.cache_data(show_spinner=False, max_entries=2000)
def measured(folder: str, ended: float | None) -> int:
    """Bytes of a run that has ended; measured again when it was resumed and ended anew, or tidied."""
    return size(Path(folder))


def clean_up(work: Workspace) -> None:
    """What may be removed, on request: looking at every file takes a moment."""
    if not st.toggle("Disk use and clean-up", key="clean-up"):
        return
    if SAID in st.session_state:
        st.info(st.session_state.pop(SAID), icon=":material/info:")
    checkpoints, whole = old_checkpoints(work.root), unneeded(work.root)
    st.caption(f"All runs take {amount(size(work.runs_root))}.")
    with st.container(border=True):
        bytes_ = sum(item.bytes for item in checkpoints)
        st.markdown("**Checkpoints of finished training**")
        st.caption("The trained students stay; only going on from a step in between is no longer possible.")
        if st.button(f"Remove {amount(bytes_)} of checkpoints", disabled=not bytes_, key="remove-checkpoints"):
            ask(work, checkpoints, f"the checkpoints of {len(checkpoints)} finished runs")
    with st.container(border=True):
        whole_runs(work, whole)
    kept = needed(work.root)
    if kept:
        with st.expander(f"{len(kept)} runs are kept because something rests on them"):
            st.dataframe(
                [{"Run": run, "Needed by": visible(", ".join(reasons))} for run, reasons in kept.items()],
                hide_index=True, alt="Runs that something rests on",
            )  # fmt: skip


def whole_runs(work: Workspace, found: Sequence[Removable]) -> None:
    """Runs that no set, student, evaluation or study rests on."""
    st.markdown("**Runs that nothing rests on**")
    if not found:
        st.caption("There are none: a set, a student, an evaluation or a study rests on every run.")
        return
    st.caption(
        "Should the store ever have to be made anew, the scores that a removed recipe run measured are measured again."
    )
    names = {item.run.id: f"{visible(item.run.request.title)}, {item.run.status().state}, {amount(item.bytes)}"
             for item in found}  # fmt: skip
    picked = st.multiselect(
        "Runs to remove", list(names), key="remove-which", format_func=lambda run: f"{names[run]} ({run[-4:]})"
    )
    chosen = [item for item in found if item.run.id in picked]
    count = f"{len(chosen)} run" if len(chosen) == 1 else f"{len(chosen)} runs"
    label = f"Remove {count}, {amount(sum(item.bytes for item in chosen))}" if chosen else "Remove runs"
    if st.button(label, disabled=not chosen, key="remove-runs"):
        ask(work, chosen, f"{count} with all results")


@st.dialog("Remove for good?")
def ask(work: Workspace, chosen: Sequence[Removable], what: str) -> None:
    """Say what goes and how much it frees; once confirmed it is gone."""
    st.write(f"This removes {what} and frees {amount(sum(item.bytes for item in chosen))}. It cannot be undone.")
    with st.container(horizontal=True):
        if st.button(
            "Remove", type="primary", icon=":material/delete:", key="remove-confirmed", on_click=_remove,
            args=(work, chosen),
        ) or st.button("Keep", key="remove-refused"):  # fmt: skip
            st.rerun()


def _remove(work: Workspace, chosen: Sequence[Removable]) -> None:
    """Remove and keep what is to be said: the dialog is closed by then."""
    try:
        st.session_state[SAID] = f"{amount(remove(chosen, work.root))} freed."
    except UserError as error:
        st.session_state[SAID] = str(error)
    measured.clear()
    put("run", None)
