"""Adding, changing and removing connections, and their prices; nothing is written per backend."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from curation.connection import CONNECTIONS, Connection, known, read, write
from curation.errors import UserError
from curation.workspace import Workspace
from pages.ui import forms
from pages.ui.fields import fields
from pages.ui.state import errors, put
from pages.ui.teaching.model_list import KEY, PRICES, key_variables, priced, with_prices

CHOSEN = "asked"  # the model in the address
ADDED, EDITED = "models-added", "models-priced"  # how often, so that a form or table starts anew


def add(work: Workspace, connections: Mapping[str, Connection]) -> None:
    """The form of a new connection: a name, a backend and its parameters."""
    uid = st.session_state.get(ADDED, 0)
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    name = left.text_input("Name", key=f"new-name-{uid}", placeholder="r1, teacher-8b", help="What steps call it")
    members = list(CONNECTIONS.members)
    backend = right.segmented_control(
        "Backend", members, default=members[0], required=True, key=f"new-backend-{uid}", width="content"
    )
    spec = CONNECTIONS.get(str(backend))
    st.caption(spec.help())
    values = _form(work, spec, {}, f"new-{backend}-{uid}")
    if st.button("Add connection", type="primary", icon=":material/add:", key="add-connection"):
        with errors():
            added = _added(connections, name.strip(), spec, values)
            write(work.root, {**connections, name.strip(): added})
            st.session_state[ADDED] = uid + 1
            put(CHOSEN, name.strip())
            st.rerun()


def _added(
    connections: Mapping[str, Connection], name: str, spec: type[Connection], values: Mapping[str, Any]
) -> Connection:
    if not name:
        raise UserError("A connection needs a name: what steps and runs call the model.")
    if name in connections:
        raise UserError(f"There is a connection '{name}' already; change that one, or choose another name.")
    return CONNECTIONS.parse({"backend": spec.title(), **values}, f"{name}: ")


def change(work: Workspace, connections: Mapping[str, Connection], name: str, running: bool) -> None:
    """The form of a connection that is there; one whose server runs is stopped before it is removed."""
    connection = connections[name]
    before = connection.parameters()
    drawn = _form(work, type(connection), before, f"change-{name}-{connection.key()}", leave=PRICES)
    values = {**before, **drawn}
    with st.container(horizontal=True):
        if st.button("Save changes", type="primary", icon=":material/save:", key="save-connection"):
            with errors():
                changed = CONNECTIONS.parse({"backend": connection.title(), **values}, f"{name}: ")
                write(work.root, {**connections, name: changed})
                st.toast(f"Saved {name}", icon=":material/done:")
                st.rerun()
        with st.popover("Remove", icon=":material/delete:", disabled=running, key="remove-connection"):
            st.write("Traces and answers of this model stay; only the way to it is forgotten.")
            if st.button(f"Remove {name}", key="remove-confirmed"):
                with errors():
                    write(work.root, {other: one for other, one in connections.items() if other != name})
                    put(CHOSEN, None)
                    st.rerun()


def _form(
    work: Workspace, spec: type[Connection], values: Mapping[str, Any], key: str, leave: Sequence[str] = ()
) -> dict[str, Any]:
    """What has to be said, and the rest, which has defaults, out of the way; some fields are left out."""
    own = read(work.root)
    local = [name for name in known(work.root) if name not in own]  # a connection cannot lead to another one
    choices = forms.Choices(models=local)
    first = [item.name for item in fields(spec) if item.required or item.name in (KEY, *PRICES)]
    rest = [item.name for item in fields(spec) if item.name not in first]
    chosen = forms.form(spec, values, choices, key, [name for name in first if name not in leave])
    if rest:
        with st.expander("More settings"):
            chosen |= forms.form(spec, values, choices, key, rest)
    return chosen


def prices(work: Workspace, connections: Mapping[str, Connection]) -> None:
    """What a million tokens cost, as a table that can be typed into; nothing where no connection has a price."""
    names = priced(connections)
    if not names:
        return
    key = f"prices-{st.session_state.get(EDITED, 0)}"
    rows = [{"Name": name, **_prices(connections[name])} for name in names]
    number = {field: st.column_config.NumberColumn(title, min_value=0.0, format="%.4g", step=0.0001)
              for field, title in zip(PRICES, ("Prompt", "Generated"), strict=True)}  # fmt: skip
    st.caption("Price of a million tokens, in your currency; while one is unknown, so is the cost of a run")
    st.data_editor(
        rows, key=key, hide_index=True, disabled=["Name"], column_config=number, on_change=_take_prices,
        args=(work, connections, key), placeholder="unknown", alt="Prices of a million tokens", height="content",
    )  # fmt: skip


def _prices(connection: Connection) -> dict[str, float | None]:
    values = connection.parameters()
    return {name: values[name] for name in PRICES}


def _take_prices(work: Workspace, connections: Mapping[str, Connection], key: str) -> None:
    edits = st.session_state[key]["edited_rows"]
    try:
        write(work.root, with_prices(connections, edits))
    except UserError as error:
        st.session_state["models-refused"] = str(error)
    st.session_state[EDITED] = st.session_state.get(EDITED, 0) + 1


def keys(connection: Connection) -> None:
    """Whether the environment has the key of a connection; never the key."""
    for name in key_variables({"": connection}):
        if os.environ.get(name):
            st.caption(f":material/key: The key is taken from the environment: `{name}` is set.")
        else:
            st.warning(
                f"The environment variable `{name}` is not set, so this model cannot be asked. Set it before "
                "Winnow is started; keys are never stored.", icon=":material/key_off:",
            )  # fmt: skip
