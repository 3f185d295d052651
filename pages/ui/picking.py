"""A list of which one row is chosen: by a click, by j and k, or by the address of the page."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.ui.state import get, put


def pick(lines: Sequence[dict[str, Any]], ids: Sequence[str], name: str, key: str) -> int:
    """Draw the list; the place of the row whose id stands in the address under this name, else the first."""
    asked = get(name)
    place = ids.index(asked) if asked in ids else 0
    # a new key after j and k, so that the list takes the selection from the address
    table = f"{key}-{st.session_state.get(f'{name}-jump', 0)}"

    def choose() -> None:
        picked = st.session_state[table]["selection"]["rows"]
        if picked:
            put(name, ids[picked[0]])

    def go(step: int) -> None:
        put(name, ids[place + step])
        st.session_state[f"{name}-jump"] = st.session_state.get(f"{name}-jump", 0) + 1

    st.dataframe(
        lines, key=table, on_select=choose, selection_mode="single-row", hide_index=True, row_height=29, height=240,
        selection_default={"selection": {"rows": [place]}}, placeholder="no answer", alt="Rows to choose from",
    )  # fmt: skip
    last = len(ids) - 1
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Previous", icon=":material/arrow_upward:", shortcut="k", on_click=go, args=(-1,), disabled=not place
        )
        st.button(
            "Next", icon=":material/arrow_downward:", shortcut="j", on_click=go, args=(1,), disabled=place == last
        )
        st.caption(f"{place + 1} of {len(ids)}", width="content")
    return place
