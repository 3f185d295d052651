"""What the pages share: the workspace, and the filter, trace, set and run in the address of the page.

A view is its address: the filter and the selected trace travel in the query parameters, so a view survives a reload
and can be sent to somebody. Streamlit drops the parameters when the page is changed by the menu; the session
remembers the last ones, and `get` writes them back.
"""

import atexit
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import streamlit as st

from curation.errors import UserError
from curation.query.filters import Filter
from curation.runs import ACTIVE, Run, State, all_runs, find
from curation.storing.damage import trouble
from curation.workspace import Workspace
from pages.ui import held
from pages.ui.reading.looks import stylesheet
from pages.ui.reading.maths import inline, unlinked
from pages.ui.runs.run_panel import panel

MANY = 3  # finished runs announced one by one
AGAIN = 1.0  # seconds
PROJECT = Path(__file__).resolve().parents[2]


def root() -> Path:
    """The folder the researcher works in."""
    return Path(os.environ.get("WINNOW_WORKSPACE") or PROJECT / "data" / "workspace")


@st.cache_resource(show_spinner="Opening the workspace")
def _open(path: str) -> Workspace:
    return Workspace(Path(path))


def workspace() -> Workspace:
    """The one workspace of this process."""
    return _open(str(root().resolve()))


@contextmanager
def screen(title: str, caption: str) -> Iterator[Workspace]:
    """The frame of every page: title, what it is for, finished runs taken in, repairable errors shown in place."""
    if not st.session_state.get("in-app"):
        # the first address opened after a start runs its page alone, without app.py's navigation
        st.switch_page("app.py", query_params={**st.query_params.to_dict(), "open": title.lower()})
    st.html(stylesheet())
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.title(title, anchor=False, width="content")
        st.caption(caption, width="content")
    said: set[str] = set()
    with errors(said):
        work = workspace()
        held.wait(work)
        with errors(said):  # of one run alone: the page is of use without it
            announce(work, work.take_in())
        drawn = _version(work)
        yield work
        # what came in while the page was drawn, also by others: nothing else would draw it again
        if work.take_in() or _version(work) != drawn:
            st.rerun()
        if work.is_taking_in():
            _come_again(work)
    _set_apart(title)


@cache  # for each page once: its modules are there by then
def _set_apart(title: str) -> None:
    """Spare what stays for good the collection that follows every run: with it, half of a run's processor time."""
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # DuckDB says otherwise that its objects were never freed


def _version(work: Workspace) -> int | None:
    """How often the store was changed; None where it cannot be opened, which the page says by itself."""
    try:
        return work.store.version
    except UserError:
        return None


@st.fragment(run_every=AGAIN)
def _come_again(work: Workspace) -> None:
    """Draw the page anew as soon as the results that another browser is taking in are there."""
    if not work.is_taking_in():
        st.rerun()


def announce(work: Workspace, finished_ids: list[str]) -> None:
    """Say what finished since the last look, in one line when it is many."""
    titles = [find(work.runs_root, run_id).request.title for run_id in finished_ids]
    if len(titles) > MANY:
        st.toast(f"{len(titles)} runs finished; the runs page lists them", icon=":material/done:")
    for title in titles if len(titles) <= MANY else []:
        st.toast(f"Finished: {inline(title)}", icon=":material/done:")


@contextmanager
def errors(said: set[str] | None = None) -> Iterator[None]:
    """Show what a user can repair where it happened, once; the rest of the page goes on."""
    try:
        yield
    except Exception as error:
        known = error if isinstance(error, UserError) else trouble(error, root().resolve())
        if known is None:
            raise
        if said is None or str(known) not in said:
            st.error(unlinked(str(known)), icon=":material/error:")
        if said is not None:
            said.add(str(known))


def get(name: str) -> str | None:
    """A parameter of the address, or the one this session had last."""
    value = st.query_params.get(name) or st.session_state.get(f"last-{name}")
    put(name, value)
    return value


def put(name: str, value: str | None) -> None:
    """Set or clear a parameter of the address."""
    st.session_state[f"last-{name}"] = value
    if value and st.query_params.get(name) != value:
        st.query_params[name] = value
    elif not value and name in st.query_params:
        del st.query_params[name]


def current_filter() -> Filter:
    """The filter of the address; one that cannot be read is dropped with a word about it."""
    try:
        return Filter.from_query(get("filter") or "")
    except UserError as error:
        put("filter", None)
        st.warning(f"The filter in the address was left out. {unlinked(str(error))}", icon=":material/filter_alt_off:")
        return Filter()


def set_filter(chosen: Filter) -> None:
    """Put a filter into the address; lists start again at their first page."""
    put("filter", chosen.to_query())
    put("page", None)


def offer_samples(work: Workspace) -> bool:
    """On an empty store, offer the sample workspace; True when the page should draw nothing else."""
    if not work.is_empty():
        return False
    active = [run for run in runs(work, "import") if run.status().state in ACTIVE]
    with st.container(border=True):
        st.subheader("There are no traces here yet", anchor=False)
        if active:
            panel(active[0], "samples")
            return True
        st.write("Load the sample workspace to try every step offline, or import your own files.")
        with st.container(horizontal=True):
            if st.button("Load the sample workspace", type="primary", icon=":material/science:"):
                work.load_samples()
                st.rerun()
            st.page_link("pages/import.py", label="Import files", icon=":material/upload_file:")
    return True


def runs(work: Workspace, *kinds: str) -> list[Run]:
    """The runs of the workspace, newest first; of some kinds where any is named."""
    return [run for run in all_runs(work.runs_root) if not kinds or run.kind in kinds]


def finished(work: Workspace, kind: str, state: State = "done") -> list[Run]:
    """The runs of a kind that ended in a state, newest first."""
    return [run for run in runs(work, kind) if run.status().state == state]
