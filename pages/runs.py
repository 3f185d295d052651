"""Runs: every long job with its place in the queue, curves, log and result; several are compared, old ones removed."""

from collections.abc import Sequence

import streamlit as st

from curation.runs import ACTIVE, Run
from curation.waiting import queue
from curation.workspace import Workspace
from pages.ui.reading.maths import visible
from pages.ui.runs.run_copy import changed_copy
from pages.ui.runs.run_disk import clean_up, measured
from pages.ui.runs.run_list import Listed, in_turn, read, row, states, waits_for, wanted
from pages.ui.runs.run_panel import curves, panel
from pages.ui.state import get, offer_samples, put, runs, screen

OPEN = {
    "import": ("pages/traces.py", "Open the traces"),
    "annotate": ("pages/explore.py", "Explore the scores"),
    "apply": ("pages/sets.py", "Open the curated set"),
    "train": ("pages/train.py", "Open the training"),
    "evaluate": ("pages/compare.py", "Compare the result"),
    "study": ("pages/studies.py", "Open the study"),
    "generate": ("pages/generate.py", "Open the generation"),
    "try": ("pages/recipes.py", "Open the recipe"),
}
LISTED = 200


def listing(work: Workspace, found: list[Listed]) -> None:
    """What runs and waits above, then a table, then the chosen run or the curves of several."""
    active = in_turn(found, queue(work.runs_root))
    waiting_line(active)
    table(filtered(found))
    asked = (get("run") or "").split(",")
    chosen = [item for item in found if item.run.id in asked]
    if len(chosen) > 1:
        side_by_side(chosen)
    elif chosen and chosen[0].run.id not in [item.run.id for item in active]:
        detail(work, chosen[0].run)
    elif not chosen:
        st.caption("Choose a run to see its request, curves and log; choose several to compare their curves.")
    clean_up(work)


def waiting_line(active: Sequence[Listed]) -> None:
    """The running run and those behind it, in the order of their turns."""
    if active:
        st.subheader("Active", anchor=False)
    for place, item in enumerate(active):
        with st.container(border=True):
            queued = item.status.state == "queued"
            panel(item.run, "active", curve=not queued, note=waits_for(active[:place]) if queued else "")


def filtered(found: Sequence[Listed]) -> list[Listed]:
    """The runs that the filters leave, newest first."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input("Search", key="runs-text", placeholder="Title, id or error", width=240)
        kinds = st.pills(
            "Kind", sorted({item.request.kind for item in found}), selection_mode="multi", key="kinds", width="content"
        )
        chosen = st.pills("State", states(found), selection_mode="multi", key="states", width="content")
    return wanted(found, kinds, chosen, text)[:LISTED]


def table(shown: Sequence[Listed]) -> None:
    """The runs as a table; the chosen ones go into the address."""

    def choose() -> None:
        rows = st.session_state["runs-table"]["selection"]["rows"]
        put("run", ",".join(shown[place].run.id for place in rows if place < len(shown)) or None)

    if not shown:
        st.caption("No run fits the filters.")
    sizes = [
        None if item.status.state in ACTIVE else measured(str(item.run.folder), item.status.ended) for item in shown
    ]
    st.dataframe(
        [row(*pair) for pair in zip(shown, sizes, strict=True)], key="runs-table", on_select=choose,
        selection_mode="multi-row", hide_index=True, height="auto", placeholder="", alt="Runs, newest first",
        column_config={
            "Started": st.column_config.DatetimeColumn("Started", format="D MMM, HH:mm:ss"),
            "Disk": st.column_config.NumberColumn("Disk (MB)", format="%.1f"),
        },
    )  # fmt: skip


def side_by_side(chosen: Sequence[Listed]) -> None:
    """The curves of several runs in one figure."""
    with st.container(border=True):
        st.markdown(f"**Curves of {len(chosen)} runs**")
        lines = {f"{visible(item.request.title)} ({item.run.id[-4:]})": item.run.metrics() for item in chosen}
        curves(lines, "several")


def detail(work: Workspace, run: Run) -> None:
    """One run: panel, request, and the way to its result or to a changed copy."""
    with st.container(border=True):
        panel(run, "detail")
        page, name = OPEN.get(run.request.kind, ("pages/runs.py", "Show the run"))
        with st.container(horizontal=True):
            if run.status().state == "done":
                st.page_link(page, label=name, icon=":material/open_in_new:", query_params=where(run))
            if run.request.kind == "train":
                changed_copy(work, run)
        if run.request.kind == "evaluate":
            changed_copy(work, run)
        with st.expander("Request"):
            st.json(run.request.model_dump(mode="json"))
            st.caption("Folder")
            st.code(str(run.folder), language=None)


def where(run: Run) -> dict[str, str]:
    """The query parameters that show a run's result."""
    if run.request.kind == "apply":
        return {"set": str(run.request.inputs.get("set", "")).rsplit("/", 1)[-1]}
    if run.request.kind == "generate":
        return {"generation": run.id}
    return {"run": run.id} if run.request.kind in ("train", "evaluate", "study") else {}


with screen("Runs", "Every long job is a folder; it goes on when this page or the app is closed.") as work:
    found = read(runs(work))
    if found:
        listing(work, found)
    elif not offer_samples(work):
        st.caption("Nothing was started yet.")
