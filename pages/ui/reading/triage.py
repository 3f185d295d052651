"""Triage by keyboard: walk the list, keep or drop and go on, note, undo; each saved as it is pressed."""

import html
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import streamlit as st

from curation.errors import UserError
from curation.labels import Event
from curation.query.filters import Filter
from curation.workspace import Workspace
from pages.ui import visitor
from pages.ui.reading.maths import inline, unlinked, visible
from pages.ui.state import put

PAGE = 50
TURNS, VIEW = "traces-turns", "traces-view"
MOVES = {"j": 1, "k": -1}
VALUES = {"p": "keep", "x": "drop"}
LETTERS = "jkpxun"
KEYS = {
    "j": "next trace, over the end of a page too",
    "k": "previous trace",
    "x": "drop it and go on",
    "p": "keep it and go on",
    "u": "undo my last decision or note",
    "n": "write a note, saved with Ctrl and Enter",
    "t": "raw text and back",
    "/": "search",
    "Esc": "leave a box",
    "?": "this list",
}
COLOURS = {"keep": "green", "drop": "red"}
DONE = {"keep": "Kept", "drop": "Dropped"}


class View(NamedTuple):
    """The list as it is shown, and the place of the open trace in it; -1 when it is not on this page."""

    chosen: Filter
    sort: str
    descending: bool
    first: int
    ids: list[str]

    def place(self, trace_id: str) -> int:
        """Where the trace stands in the whole list; just before this page when it is not on it."""
        return self.first + (self.ids.index(trace_id) if trace_id in self.ids else -1)

    def pagination(self) -> str:
        """The key of the page numbers of this list."""
        return f"pagination-{self.chosen.to_query()}-{self.sort}-{self.descending}-{st.session_state.get(TURNS, 0)}"


def around(work: Workspace, view: View, start: int, count: int) -> list[str]:
    """Ids of the list from a place on."""
    start = max(0, start)
    if view.first <= start and start + count <= view.first + len(view.ids):
        return view.ids[start - view.first : start - view.first + count]
    table = work.store.page(view.chosen, view.sort, view.descending, start, count)
    return [str(value) for value in table["id"].to_pylist()]


def open_at(view: View, trace_id: str, place: int) -> None:
    """Open a trace and the page of the list it is on."""
    number = place // PAGE + 1
    put("trace", trace_id)
    put("page", str(number) if number > 1 else None)
    if not view.first <= place < view.first + len(view.ids):
        st.session_state[TURNS] = st.session_state.get(TURNS, 0) + 1  # new page numbers, which start at this page
    jump()


def jump() -> None:
    """Let the list take its selection from the open trace anew."""
    st.session_state["traces-jump"] = st.session_state.get("traces-jump", 0) + 1


def go(work: Workspace, view: View, trace_id: str, step: int) -> None:
    """Open the next or previous trace of the list, on the next page where this one ends."""
    place = view.place(trace_id) + step
    found = around(work, view, place, 1) if place >= 0 else []
    if found:
        open_at(view, found[0], place)


def decide(work: Workspace, view: View, trace_id: str, value: str, opened: str = "") -> None:
    """Keep or drop the trace and open the next one; where another is open already, that one stays."""
    place = view.place(trace_id)
    following = around(work, view, place + 1, 1)
    work.label(trace_id, "decision", value, visitor.name())
    say(f"{DONE[value]} trace {trace_id[:10]}.")
    if opened not in ("", trace_id):
        return
    if not following:
        say(f"{DONE[value]} trace {trace_id[:10]}, the last one of the list.")
        return
    # under a filter or sorting by decisions, the row just decided may have left its place
    now = around(work, view._replace(ids=[]), place, 2)
    open_at(view, following[0], max(0, place) + (now.index(following[0]) if following[0] in now else 1))


def follow(work: Workspace, key: str, shown: str, led: str) -> str:
    """Do what a key says: decide on the trace that was shown, move from where presses led; tells which is open."""
    view: View = st.session_state[VIEW]
    put("trace", led)
    if key in MOVES:
        attempt(partial(go, work, view, led, MOVES[key]))()
    elif key in VALUES:
        attempt(partial(decide, work, view, shown, VALUES[key], led))()
    elif key == "u":
        attempt(partial(undo, work))()
    else:
        put("trace", shown)
        attempt(partial(_open_note, shown))()
    return str(st.session_state["last-trace"])


def undo(work: Workspace) -> None:
    """Take back the last decision or note of this person, and open its trace."""
    event = work.last_undoable(visitor.name(), ("decision", "note"))
    if event is None:
        say("There is nothing of yours to undo.")
        return
    work.undo(event.id, visitor.name())
    put("trace", event.trace_id)
    jump()
    say(f"Undone: {words(event)} of trace {event.trace_id[:10]}.")


def words(event: Event) -> str:
    """What an event says, in a few words."""
    if event.value is None:
        return f"no {event.name.replace('_', ' ')}"
    if event.name == "note":
        return f"note “{event.value[:60]}{'…' if len(event.value) > 60 else ''}”"
    return {"true": "judged right", "false": "judged wrong"}.get(event.value, event.value)


def say(text: str) -> None:
    """What the last key did, shown until the next one."""
    st.session_state["triage-said"] = text


def attempt(action: Callable[[], None]) -> Callable[[], None]:
    """A callback whose repairable error is shown beside the keys."""

    def run() -> None:
        st.session_state.pop("triage-said", None)
        try:
            action()
        except UserError as error:
            st.session_state["triage-refused"] = str(error)

    return run


def told() -> None:
    """Draw what the last key did, or why it was refused."""
    refused = st.session_state.pop("triage-refused", None)
    if refused:
        st.error(unlinked(refused), icon=":material/error:")
    elif said := st.session_state.get("triage-said"):
        st.caption(inline(said), width="content")


def bar(work: Workspace, view: View, trace_id: str, total: int) -> None:
    """The keys as buttons, in one row."""
    place = view.place(trace_id)
    inside = trace_id in view.ids
    do = partial(_button, work)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="triage"):
        do("Previous", "k", "arrow_upward", partial(go, work, view, trace_id, -1), place <= 0)
        do("Next", "j", "arrow_downward", partial(go, work, view, trace_id, 1), place >= total - 1)
        do("Keep", "p", "check", partial(decide, work, view, trace_id, "keep"))
        do("Drop", "x", "close", partial(decide, work, view, trace_id, "drop"))
        do("Undo", "u", "undo", partial(undo, work))
        do("Note", "n", "edit_note", partial(_open_note, trace_id))
        if inside:
            st.caption(f"{place + 1:,} of {total:,}", width="content")
        told()


def _button(
    work: Workspace, label: str, key: str, icon: str, action: Callable[[], None], disabled: bool = False
) -> None:
    st.button(
        label, key=label.lower(), shortcut=key, icon=f":material/{icon}:", on_click=attempt(action), disabled=disabled
    )


def _open_note(trace_id: str) -> None:
    st.session_state["note-of"] = trace_id


def note(work: Workspace, trace_id: str, text: str) -> str:
    """The note of the trace, or the box to write it in; the selector of that box while it is open."""
    if st.session_state.get("note-of") != trace_id:
        if text:
            st.html(f'<div class="w-note-text">{html.escape(visible(text))}</div>')
        return ""

    def save() -> None:
        written = st.session_state[f"note-{trace_id}"].strip()
        work.label(trace_id, "note", written or None, visitor.name())
        st.session_state["note-of"] = None
        say("The note is saved." if written else "The note is empty, so there is none.")

    with st.form(f"note-form-{trace_id}", border=False):
        st.text_area("Note", text, key=f"note-{trace_id}", height=80, placeholder="What should others know of this?")
        with st.container(horizontal=True):
            st.form_submit_button("Save note", type="primary", icon=":material/save:", on_click=attempt(save))
            st.form_submit_button("Leave it", on_click=partial(st.session_state.update, {"note-of": None}))
    return f".st-key-note-{trace_id} textarea"


def badge(said: dict[str, str]) -> None:
    """What people decided about the trace."""
    decision, right = said.get("decision"), said.get("human_correct")
    if decision:
        icon = ":material/check:" if decision == "keep" else ":material/close:"
        st.badge({"keep": "Keep", "drop": "Drop"}[decision], color=COLOURS[decision], icon=icon)  # type: ignore[arg-type]
    if right:
        st.badge("Judged right" if right == "true" else "Judged wrong", color="green" if right == "true" else "red")
