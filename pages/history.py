"""History: who said what of which trace and when; every change can be undone, across sessions and people."""

from datetime import datetime
from functools import partial

import streamlit as st

from curation.labels import Event
from curation.workspace import Workspace
from pages.ui import visitor
from pages.ui.reading import triage
from pages.ui.reading.maths import inline
from pages.ui.state import offer_samples, screen

PAGE = 25
EVERYBODY = "Everybody"
KINDS = {"": "Everything", "decision": "Decisions", "human_correct": "Verdicts", "note": "Notes"}
WIDTHS = [3, 3, 8, 3, 2]


def history(work: Workspace) -> None:
    """A filter, a page of events, and undo for each."""
    people = work.people()
    if not people:
        with st.container(border=True):
            st.write("Nothing was said of any trace yet. Keep, drop or note one on the traces page: keys p, x and n.")
            st.page_link("pages/traces.py", label="Read traces", icon=":material/notes:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        who = st.selectbox("Who", [None, *people], format_func=lambda name: name or EVERYBODY, width=220, key="who")
        kind = st.segmented_control("What", list(KINDS), default="", format_func=KINDS.get, key="what", required=True)
        triage.told()
    total = work.count_events(who, kind or None)
    pages = max(1, -(-total // PAGE))
    key = f"history-{who}-{kind}"
    number = min(st.session_state.get(key) or 1, pages)
    shown = work.events(who, kind or None, limit=PAGE, offset=(number - 1) * PAGE)
    st.caption(f"{total:,} changes, newest first; all of them are also lines of {work.journal.name} in the workspace")
    table(work, shown)
    if pages > 1:
        st.pagination(pages, default=number, key=key)


def table(work: Workspace, shown: list[Event]) -> None:
    """One line an event."""
    if not shown:
        st.caption("No change of this kind by this person.")
        return
    open_ones = work.can_undo(shown)
    with st.container(gap=None, key="history"):
        heads = st.columns(WIDTHS, vertical_alignment="center")
        for column, name in zip(heads, ("When", "Who", "What", "Trace", ""), strict=True):
            column.caption(name)
        for event in shown:
            line(work, event, event.id in open_ones)


def line(work: Workspace, event: Event, can_undo: bool) -> None:
    """When, who, what, a link to the trace, and undo while the change is in force."""
    when, who, what, trace, button = st.columns(WIDTHS, vertical_alignment="center")
    when.markdown(inline(f"{datetime.fromisoformat(event.at).astimezone():%d %b %Y, %H:%M:%S}"))
    who.markdown(inline(event.who))
    what.markdown(inline(describe(event)))
    trace.page_link("pages/traces.py", label=event.trace_id[:10], query_params={"trace": event.trace_id})
    button.button(
        "Undo", key=f"undo-{event.id}", icon=":material/undo:", type="tertiary", disabled=not can_undo,
        on_click=triage.attempt(partial(take_back, work, event)),
        help=None if can_undo else "Changed or undone since",
    )  # fmt: skip


def take_back(work: Workspace, event: Event) -> None:
    """Undo one event."""
    work.undo(event.id, visitor.name())
    triage.say(f"Undone: {describe(event)}")


def describe(event: Event) -> str:
    """A change in words."""
    before = None if event.before is None else triage.words(event._replace(value=event.before))
    if event.undoes is not None:
        now = "" if event.value is None else f", so {triage.words(event)} again"
        return f"Undid {before or f'the removal of the {event.name}'}{now}"
    said = triage.words(event)
    return f"{said[:1].upper()}{said[1:]}{f', before: {before}' if before else ''}"


with screen("History", "Who said what of which trace, and when; undo any change.") as work:
    if not offer_samples(work):
        history(work)
