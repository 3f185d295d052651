"""Traces: a paged list under a filter, and one trace with its segments, mathematics and scores."""

from typing import Any

import streamlit as st

from curation.filters import Filter
from curation.trace import KINDS, Trace
from curation.workspace import Workspace
from pages.ui import charts, filter_bar, measure, trace_view
from pages.ui.maths import inline
from pages.ui.state import current_filter, get, offer_samples, put, screen

PAGE = 50
UNSORTED = "import order"
FIRST = ("question", "model", "correct", "n_tokens", "difficulty", "n_chars", "subject", "dataset")
IDENTIFIERS = ("id", "problem_id", "text_key", "parent_id")


def traces(work: Workspace) -> None:
    """List on the left, the chosen trace on the right."""
    chosen = current_filter()
    filter_bar.show(work, chosen, "traces", lambda: tools(work))
    measure.running(work, "traces")
    left, right = st.columns([5, 7], gap="medium")
    with left:
        shown = listing(work, chosen)
    with right:
        if not shown:
            st.caption("No trace fits the filter. Remove a condition to see more.")
            return
        selected = get("trace") or shown[0]
        navigation(shown, selected)
        one_trace(work, work.store.trace(selected))


def tools(work: Workspace) -> None:
    """Sorting and measuring."""
    names = [UNSORTED, *work.store.columns()]
    asked = get("sort")
    picked = st.selectbox(
        "Sort by", names, names.index(asked) if asked in names else 0, key="sort-by", width=190,
        label_visibility="collapsed", format_func=lambda name: f"Sort by {name.replace('_', ' ')}",
    )  # fmt: skip
    put("sort", None if picked == UNSORTED else picked)
    put("descending", "1" if st.toggle("Largest first", get("descending") == "1", key="largest-first") else None)
    measure.show(work, "traces")


def listing(work: Workspace, chosen: Filter) -> list[str]:
    """The table of one page, and page numbers; returns the ids on the page."""
    pages = max(1, -(-work.store.count(chosen).rows // PAGE))
    key = f"pagination-{chosen.to_query()}-{get('sort')}-{get('descending')}"
    asked = st.session_state.get(key) or page_of(get("page"))
    number = min(asked, pages)
    put("page", str(number) if number > 1 else None)
    table = work.store.page(chosen, get("sort") or "", get("descending") == "1", (number - 1) * PAGE, PAGE)
    ids = table["id"].to_pylist()
    draw_table(table, ids)
    if pages > 1:
        st.pagination(pages, default=number, key=key, max_visible_pages=5)
    return ids


def page_of(text: str | None) -> int:
    """The page number of the address; the first when it is none."""
    return max(1, int(text)) if text and text.isdecimal() else 1


def draw_table(table: Any, ids: list[str]) -> None:  # noqa: ANN401  (an Arrow table)
    """The rows of a page; a click opens the trace."""
    jump = st.session_state.get("traces-jump", 0)
    key = f"rows-{jump}-{hash(tuple(ids))}"
    selected = get("trace") or (ids[0] if ids else None)
    place = ids.index(selected) if selected in ids else None

    def choose() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        if rows:
            put("trace", ids[rows[0]])

    names = [name for name in table.column_names if name not in IDENTIFIERS]
    order = [name for name in FIRST if name in names] + [name for name in names if name not in FIRST]
    st.dataframe(
        table, key=key, on_select=choose, selection_mode="single-row", hide_index=True, height=640, placeholder="",
        column_order=order, column_config=column_config(names), alt="Traces of this page",
        row_height=29, selection_default={"selection": {"rows": [place] if place is not None else []}},
    )  # fmt: skip


def column_config(names: list[str]) -> dict[str, Any]:
    """Readable headings and widths."""
    config: dict[str, Any] = {name: st.column_config.Column(charts.label(name).split(" (")[0]) for name in names}
    config["question"] = st.column_config.TextColumn("Question", width=190)
    if "model" in names:
        config["model"] = st.column_config.TextColumn("Teacher", width=96)
    return config


def navigation(ids: list[str], selected: str) -> None:
    """Previous and next within the page, by button or key."""
    place = ids.index(selected) if selected in ids else -1

    def go(step: int) -> None:
        put("trace", ids[max(0, min(len(ids) - 1, place + step))])
        st.session_state["traces-jump"] = st.session_state.get("traces-jump", 0) + 1

    def flip() -> None:
        put("raw", None if get("raw") else "1")

    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Previous", key="previous", shortcut="k", icon=":material/arrow_upward:", on_click=go, args=(-1,),
                  disabled=place <= 0)  # fmt: skip
        st.button("Next", key="next", shortcut="j", icon=":material/arrow_downward:", on_click=go, args=(1,),
                  disabled=place >= len(ids) - 1)  # fmt: skip
        st.button("Show rendered text" if get("raw") else "Show raw text", key="raw-text", shortcut="t",
                  icon=":material/code:", on_click=flip)  # fmt: skip
        with st.popover("Collapse", icon=":material/unfold_less:", help="Kinds of segments shown closed"):
            st.pills(
                "Collapse", KINDS, selection_mode="multi", key="collapse", persist_state="session",
                format_func=lambda kind: trace_view.KIND_NAMES[kind],
            )  # fmt: skip
        if place >= 0:
            st.caption(f"{place + 1} of {len(ids)} on this page", width="content")


def one_trace(work: Workspace, trace: Trace) -> None:
    """Question, origin, scores, segments and answer of one trace."""
    with st.container(border=True):
        trace_view.show_text(trace.question, "w-question")
        place = f"{trace.source}, row {trace.line}" if trace.line is not None else trace.source
        origin = [trace.model or "unknown teacher", trace.problem.dataset, trace.problem.split, trace.problem.subject]
        st.caption(inline(" · ".join([*filter(None, origin), place, f"trace {trace.id[:10]}"])))
        reference = {"reference answer": trace.problem.reference}
        scores = {
            k: v for k, v in work.store.scores(trace.id).items() if k not in ("dataset", "split", "subject", "model")
        }
        st.html(trace_view.scores_line({**reference, **scores}))
    if not trace.segments:
        st.caption("This trace has no segments yet. Choose Measure above the list to mark them.")
    closed = st.session_state.get("collapse") or []
    trace_view.show_trace(trace, trace.id, closed, raw=bool(get("raw")))
    siblings(work, trace)


def siblings(work: Workspace, trace: Trace) -> None:
    """Other solutions of the same problem."""
    others = [row for row in work.store.siblings(trace.problem.id).to_pylist() if row["id"] != trace.id]
    if not others:
        return
    with st.expander(f"Other traces of this problem ({len(others)})", icon=":material/account_tree:"):
        for row in others[:20]:
            known = ("n_tokens", "correct", "given_correct", "n_chars")
            words = [f"{name} {trace_view.shown(row[name])}" for name in known if row.get(name) is not None]
            label = inline(f"{row['model'] or 'unknown teacher'}, {', '.join(words)}")
            st.button(label, key=f"sibling-{row['id']}", type="tertiary", on_click=put, args=("trace", row["id"]))


with screen("Traces", "Read the teachers' solutions: filter, sort, open one, move with j and k.") as work:
    if not offer_samples(work):
        traces(work)
