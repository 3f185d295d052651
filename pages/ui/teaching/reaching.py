"""Whether a server that somebody else runs can be reached, asked when a person asks."""

from typing import NamedTuple

import streamlit as st

from curation.backends.openai_server import OpenAIModel
from curation.connection import Connection, Place
from curation.errors import UserError
from curation.serving import Served
from curation.workspace import Workspace
from pages.ui.reading.maths import unlinked
from pages.ui.teaching.model_list import State

TESTED = "models-tested"


class Reached(NamedTuple):
    """What a server said: the models it has, or why it said nothing."""

    models: tuple[str, ...] = ()
    error: str | None = None


def address(connection: Connection) -> str | None:
    """Where a server is that Winnow does not start itself; None for what is no server."""
    found = connection.parameters().get("url")
    return None if isinstance(connection, Served) or not found else str(found)


def last(name: str, connection: Connection) -> Reached | None:
    """What the last test of just this connection found, in this browser tab."""
    found: Reached | None = st.session_state.get(TESTED, {}).get((name, connection.key()))
    return found


def state_of(name: str, connection: Connection) -> State:
    """How a server stands, as far as it was tested."""
    found = last(name, connection)
    return "not tested" if found is None else "unreachable" if found.error else "reachable"


def show(work: Workspace, name: str, connection: Connection) -> None:
    """The button that tests a connection, and what came of it."""
    if address(connection) is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Test connection", icon=":material/network_check:", key=f"test-{name}"):
            with st.spinner("Asking the server for its models"):
                found = asked(work, name, connection)
            st.session_state[TESTED] = {**st.session_state.get(TESTED, {}), (name, connection.key()): found}
            st.rerun()  # the list says it too
        told = last(name, connection)
        if told and not told.error:
            st.caption(f"Reachable, {_models(told)}", width="content")
    if told and told.error:
        st.error(unlinked(told.error), icon=":material/error:")
    elif told and told.models and connection.parameters()["model"] not in told.models:
        known = ", ".join(told.models[:20])
        st.warning(
            unlinked(f"The server does not list '{connection.parameters()['model']}'; it has {known}."),
            icon=":material/warning:",
        )  # fmt: skip


def _models(found: Reached) -> str:
    if not found.models:
        return "but it lists no models"
    return f"{len(found.models):,} models" if len(found.models) > 1 else f"it has {found.models[0]}"


def asked(work: Workspace, name: str, connection: Connection) -> Reached:
    """Ask the server for its models; the backend gives it seconds."""
    try:
        model = connection.open(name, Place(work.root)).model
        assert isinstance(model, OpenAIModel)
        return Reached(tuple(model.models()))
    except UserError as error:
        return Reached(error=str(error))
