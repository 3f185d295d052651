"""SQL: ask the workspace anything in one SELECT, with the tables beside it; a result that names traces is a filter."""

import streamlit as st

from curation.errors import UserError
from curation.query.filters import Filter
from curation.query.sql import NAMING, Rows
from curation.query.sql_examples import ABOUT, EXAMPLES
from curation.workspace import Workspace
from pages.ui.reading.maths import unlinked
from pages.ui.state import current_filter, get, offer_samples, put, screen, set_filter

SHOWN = 1000  # rows in the table
FEW = 16  # rows shown without a scroll bar
MOST = 100_000  # rows in a download


def ask(work: Workspace) -> None:
    """The editor and its result on the left, the tables on the right."""
    left, right = st.columns([8, 4], gap="large")
    with right:
        tables(work)
    with left:
        text = editor()
        if text.strip():
            try:
                result(work, text, answer(work, str(work.root), text, work.store.changes))
            except UserError as error:
                st.error(unlinked(str(error)), icon=":material/error:")


def editor() -> str:
    """The query, kept in the address; an example replaces it."""
    asked = get("sql") or next(iter(EXAMPLES.values())).strip()
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.caption("Examples", width="content")
        for name, query in EXAMPLES.items():
            st.button(name, key=f"example-{name}", type="tertiary", on_click=put, args=("sql", query.strip()))
    with st.form("query", border=False, enter_to_submit=True):
        text = st.text_area(
            "Query", asked, height=190, key=f"query-{hash(asked)}",
            help="One SELECT over the tables beside it, or a condition over scores, as in n_chars > 2000",
        )  # fmt: skip
        if st.form_submit_button("Run", type="primary", icon=":material/play_arrow:", shortcut="mod+enter"):
            put("sql", text)
    return text


@st.cache_data(show_spinner="Asking", max_entries=16)
def answer(_work: Workspace, root: str, text: str, version: int) -> Rows:
    """The rows shown; root and version say of which data."""
    return _work.store.query(text, SHOWN)


def result(work: Workspace, text: str, rows: Rows) -> None:
    """The rows, a download of all of them, and the filter they make."""
    count = f"The first {rows.table.num_rows:,} rows" if rows.more else f"{rows.table.num_rows:,} rows"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(count, width="content")
        st.download_button(
            "Download CSV", lambda: work.store.query_csv(text, MOST), "query.csv", "text/csv",
            icon=":material/download:", on_click="ignore", help=f"All rows of the result, at most {MOST:,}",
        )  # fmt: skip
        if set(rows.table.schema.names) & set(NAMING):
            use_as_filter(work, text)
        else:
            st.caption(f"A result with a column {' or '.join(NAMING)} can be used as a filter.", width="content")
    height = 520 if rows.table.num_rows > FEW else "content"
    st.dataframe(
        rows.table, hide_index=True, height=height, placeholder="", row_height=29, alt="Result of the query"
    )  # fmt: skip


def use_as_filter(work: Workspace, text: str) -> None:
    """A button that shows the traces a result names on the other pages."""
    named = work.store.count(Filter(sql=text)).rows

    def use() -> None:
        set_filter(current_filter().model_copy(update={"sql": text}))

    if st.button(f"Use as filter ({named:,} traces)", icon=":material/filter_alt:", on_click=use, key="use"):
        st.switch_page("pages/explore.py")


def tables(work: Workspace) -> None:
    """Every table with its columns, their types and an example."""
    st.caption("Tables")
    for name, columns in schema(work, str(work.root), work.store.version).items():
        with st.expander(name, expanded=name == "scores", key=f"table-{name}"):
            st.caption(ABOUT[name])
            heads = {key: st.column_config.TextColumn(key.capitalize()) for key in ("column", "type", "example")}
            st.dataframe(
                columns, hide_index=True, placeholder="", row_height=26, column_config=heads,
                height="content" if len(columns) < 12 else 330, alt=f"Columns of {name}",
            )  # fmt: skip


@st.cache_data(show_spinner=False, max_entries=4)
def schema(_work: Workspace, root: str, version: int) -> dict[str, list[dict[str, str]]]:
    """Columns by table; root and version say of which data."""
    return _work.store.schema()


with screen(
    "SQL", "Ask the workspace anything in one SELECT; a result that names traces can be used as a filter."
) as work:
    if not offer_samples(work):
        ask(work)
