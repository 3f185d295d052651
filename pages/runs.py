"""Runs: every long job with its state, progress, log and result."""

from typing import Any

import streamlit as st

from curation.runs import ACTIVE, Run
from curation.workspace import Workspace
from pages.ui.maths import visible
from pages.ui.run_panel import duration, panel
from pages.ui.state import get, offer_samples, put, runs, screen

OPEN = {
    "import": ("pages/traces.py", "Open the traces"),
    "annotate": ("pages/explore.py", "Explore the scores"),
    "apply": ("pages/sets.py", "Open the curated set"),
    "train": ("pages/train.py", "Open the training"),
    "evaluate": ("pages/compare.py", "Compare the result"),
    "study": ("pages/studies.py", "Open the study"),
}
LISTED = 200


def listing(work: Workspace, found: list[Run]) -> None:
    """A table of runs, active ones drawn above, the chosen one below."""
    active = [run for run in found if run.status().state in ACTIVE]
    if active:
        st.subheader("Active", anchor=False)
        for run in active:
            with st.container(border=True):
                panel(run, "active")
    kinds = sorted({run.request.kind for run in found})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.pills("Kind", kinds, selection_mode="multi", key="kinds")
    shown = [run for run in found if not wanted or run.request.kind in wanted][:LISTED]

    def choose() -> None:
        rows = st.session_state["runs-table"]["selection"]["rows"]
        put("run", shown[rows[0]].id if rows and rows[0] < len(shown) else None)

    st.dataframe(
        [row(run) for run in shown], key="runs-table", on_select=choose, selection_mode="single-row", hide_index=True,
        height="auto", placeholder="", alt="Runs, newest first",
        column_config={"Started": st.column_config.DatetimeColumn("Started", format="D MMM, HH:mm:ss")},
    )  # fmt: skip
    selected = next((run for run in found if run.id == get("run")), None)
    if selected and selected not in active:
        detail(work, selected)
    elif not selected:
        st.caption("Choose a run to see its request, curve and log.")


def row(run: Run) -> dict[str, Any]:
    """A run in the table."""
    status, request = run.status(), run.request
    took = status.ended - status.started if status.started and status.ended else None
    return {
        "State": status.state,
        "Kind": request.kind,
        "Title": visible(request.title),
        "Started": run.created,
        "Took": duration(took) if took is not None else None,
        "Error": visible(status.error or ""),
        "Run": run.id,
    }


def detail(work: Workspace, run: Run) -> None:
    """One run: panel, request, and the way to its result."""
    with st.container(border=True):
        panel(run, "detail")
        page, name = OPEN[run.request.kind]
        if run.status().state == "done":
            st.page_link(page, label=name, icon=":material/open_in_new:", query_params=where(run))
        with st.expander("Request"):
            st.json(run.request.model_dump(mode="json"))
            st.caption("Folder")
            st.code(str(run.folder), language=None)


def where(run: Run) -> dict[str, str]:
    """The query parameters that show a run's result."""
    if run.request.kind == "apply":
        return {"set": str(run.request.inputs.get("set", "")).rsplit("/", 1)[-1]}
    return {"run": run.id} if run.request.kind in ("train", "evaluate", "study") else {}


with screen("Runs", "Every long job is a folder; it goes on when this page or the app is closed.") as work:
    found = runs(work)
    if found:
        listing(work, found)
    elif not offer_samples(work):
        st.caption("Nothing was started yet.")
