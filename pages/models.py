"""Models: what can be asked, how it is reached, what it costs, and servers that are started here."""

from collections.abc import Mapping, Sequence

import streamlit as st

from curation.connection import Connection, read
from curation.workspace import Workspace
from pages.ui.reading.maths import inline
from pages.ui.state import errors, get, put, screen
from pages.ui.teaching import connection_form
from pages.ui.teaching.connection_form import CHOSEN
from pages.ui.teaching.model_list import Askable, askable, described, row
from pages.ui.training import students


def models(work: Workspace) -> None:
    """All models above; the chosen one and the form of a new one below."""
    connections = read(work.root)
    found = askable(work.root, connections)
    chosen = table(work, found)
    left, right = st.columns([7, 5], gap="large")
    with left:
        detail(work, connections, chosen)
    with right:
        with st.expander("Add a connection", expanded=not connections, icon=":material/add_link:"):
            connection_form.add(work, connections)
        if refused := st.session_state.pop("models-refused", None):
            st.error(refused, icon=":material/error:")
        connection_form.prices(work, connections)


def table(work: Workspace, found: Sequence[Askable]) -> Askable:
    """The models as a table; the chosen one goes into the address."""
    names = [model.name for model in found]
    asked = get(CHOSEN)
    place = names.index(asked) if asked in names else 0

    def choose() -> None:
        picked = st.session_state[key]["selection"]["rows"]
        put(CHOSEN, names[picked[0]] if picked else None)

    key = f"models-{len(names)}-{asked if asked in names else ''}"
    titles = students.names(work)
    price = st.column_config.NumberColumn
    st.dataframe(
        [row(model, "loaded when asked", "this machine", titles) for model in found],
        key=key, on_select=choose, selection_mode="single-row", hide_index=True, height="content",
        selection_default={"selection": {"rows": [place]}}, placeholder="", alt="Models that can be asked",
        column_config={
            "Prompt": price("Prompt price", format="%.4g", help="Of a million tokens"),
            "Generated": price("Generated price", format="%.4g", help="Of a million tokens"),
        },
    )  # fmt: skip
    return found[place]


def detail(work: Workspace, connections: Mapping[str, Connection], model: Askable) -> None:
    """The chosen model: its server, its key, its parameters."""
    st.subheader(inline(model.name), anchor=False)
    st.caption(described(model))
    connection_form.keys(model.connection)
    if model.listed:
        with errors():
            connection_form.change(work, connections, model.name, running=False)
    else:
        st.caption("It needs no entry: steps can name it as it stands here.")


with screen("Models", "What can be asked: servers, models on this machine, students trained here.") as work:
    models(work)
