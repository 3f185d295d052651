"""Models: what can be asked, how it is reached, what it costs, and servers that are started here."""

from collections.abc import Mapping, Sequence

import streamlit as st

from curation.connection import Connection, read
from curation.serving import Served, running_servers
from curation.workspace import Workspace
from pages.ui.reading.maths import inline, unlinked
from pages.ui.state import errors, get, put, screen
from pages.ui.teaching import connection_form, reaching, serving_view
from pages.ui.teaching.connection_form import CHOSEN
from pages.ui.teaching.model_list import HERE, Askable, State, askable, columns, described, row
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
            st.error(unlinked(refused), icon=":material/error:")
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
    st.dataframe(
        [row(model, *standing(work, model), titles) for model in found],
        key=key, on_select=choose, selection_mode="single-row", hide_index=True, height="content",
        selection_default={"selection": {"rows": [place]}}, placeholder="", alt="Models that can be asked",
        column_config={"Price": st.column_config.TextColumn("Price", help="Of a million prompt / generated tokens")},
        column_order=columns(found),
    )  # fmt: skip
    return found[place]


def standing(work: Workspace, model: Askable) -> tuple[State, str]:
    """How a model stands now, and where."""
    if isinstance(model.connection, Served):
        server = running_servers(work.root).get(model.name)
        return serving_view.state_of(work, model.name), server.url if server else HERE
    address = reaching.address(model.connection)
    return (reaching.state_of(model.name, model.connection), address) if address else ("on demand", HERE)


def detail(work: Workspace, connections: Mapping[str, Connection], model: Askable) -> None:
    """The chosen model: its server, its key, its parameters."""
    st.subheader(inline(model.name), anchor=False)
    st.caption(described(model))
    connection_form.keys(model.connection)
    running = serving_view.show(work, model.name, model.connection)
    reaching.show(work, model.name, model.connection)
    if model.listed:
        with errors():
            connection_form.change(work, connections, model.name, running)
    else:
        st.caption("It needs no entry: steps can name it as it stands here.")


with screen("Models", "What can be asked: servers, models on this machine, students trained here.") as work:
    models(work)
