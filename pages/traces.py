"""Traces: a paged list under a filter, and one trace with its segments, mathematics and scores."""

from functools import partial
from typing import Any

import streamlit as st

from curation.query.filters import Filter
from curation.trace import KINDS, Trace
from curation.workspace import Workspace
from pages.ui.exploring import charts, filter_bar, measure
from pages.ui.reading import evidence, keys, media, provenance, siblings, surprise, trace_view, triage
from pages.ui.reading.looks import KIND_NAMES
from pages.ui.reading.marks import Marks, marked, marks_of, minimap
from pages.ui.reading.maths import inline, visible
from pages.ui.reading.triage import PAGE
from pages.ui.state import current_filter, errors, get, offer_samples, put, screen

UNSORTED = "import order"
FIRST = ("decision", "question", "model", "correct", "n_tokens", "difficulty", "n_chars", "subject", "dataset")
IDENTIFIERS = ("id", "problem_id", "text_key", "parent_id")
APART = ("dataset", "split", "subject", "model", "decision", "human_correct", "noted")  # shown in other places


def traces(work: Workspace) -> None:
    """List on the left, the chosen trace on the right."""
    chosen = current_filter()
    filter_bar.show(work, chosen, "traces", lambda: tools(work))
    measure.running(work, "traces")
    left, right = st.columns([5, 7], gap="medium")
    with left, st.container(key="list"):
        view, total = listing(work, chosen)
    with right:
        if not view.ids:
            st.caption("No trace fits the filter. Remove a condition to see more.")
            keys.listen(triage.KEYS, partial(triage.follow, work), triage.LETTERS, keys.SEARCH)
            return
        reading(work, view, total)


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


def listing(work: Workspace, chosen: Filter) -> tuple[triage.View, int]:
    """The table of one page, and page numbers; returns what is shown and how long the whole list is."""
    total = work.store.count(chosen).rows
    pages = max(1, -(-total // PAGE))
    view = triage.View(chosen, get("sort") or "", get("descending") == "1", 0, [])
    key = view.pagination()
    number = min(st.session_state.get(key) or page_of(get("page")), pages)
    put("page", str(number) if number > 1 else None)
    table = work.store.page(chosen, view.sort, view.descending, (number - 1) * PAGE, PAGE)
    ids = table["id"].to_pylist()
    draw_table(table, ids)
    if pages > 1:
        st.pagination(pages, default=number, key=key, max_visible_pages=5)
    st.session_state[triage.VIEW] = view = view._replace(first=(number - 1) * PAGE, ids=ids)
    return view, total


def page_of(text: str | None) -> int:
    """The page number of the address; the first when it is none."""
    return max(1, int(text)) if text and text.isdecimal() and len(text) < 10 else 1


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

    at = table.column_names.index("question")
    table = table.set_column(at, "question", [[visible(text) for text in table["question"].to_pylist()]])
    empty = [name for name in ("human_correct", "noted") if not any(table[name].to_pylist())]
    names = [name for name in table.column_names if name not in (*IDENTIFIERS, *empty)]
    order = [name for name in FIRST if name in names] + [name for name in names if name not in FIRST]
    st.dataframe(
        table, key=key, on_select=choose, selection_mode="single-row", hide_index=True, height=640, placeholder="",
        column_order=order, column_config=column_config(names), alt="Traces of this page",
        row_height=29, selection_default={"selection": {"rows": [place] if place is not None else []}},
    )  # fmt: skip


def column_config(names: list[str]) -> dict[str, Any]:
    """Readable headings and widths."""
    config: dict[str, Any] = {name: st.column_config.Column(charts.label(name).split(" (")[0]) for name in names}
    config["decision"] = st.column_config.TextColumn("Decision", width=64)
    config["question"] = st.column_config.TextColumn("Question", width=190)
    if "model" in names:
        config["model"] = st.column_config.TextColumn("Teacher", width=96)
    return config


def reading(work: Workspace, view: triage.View, total: int) -> None:
    """Keys, header and text of the open trace."""
    trace_id = get("trace") or view.ids[0]
    enter = ""
    with errors():
        trace = work.store.trace(trace_id)
        marks, others, scores = marks_of(trace), siblings.of(work, trace), work.store.scores(trace.id)
        beside = siblings.beside(others)
        question(work, trace)
        with st.container(key="reader-head"):
            triage.bar(work, view, trace_id, total)
            enter = header(work, trace, scores, None if beside or get("raw") else marks)
        body(work, trace, scores, marks, others)
    keys.listen(triage.KEYS, partial(triage.follow, work), triage.LETTERS, keys.SEARCH, enter, trace_id)


def question(work: Workspace, trace: Trace) -> None:
    """The question with its media, and where the trace comes from."""
    with st.container(border=True, key="reader-question"):
        trace_view.show_text(trace.question, keys.style_of(trace.id))
        media.show(work, trace)
        place = f"{trace.source}, row {trace.line}" if trace.line is not None else trace.source
        origin = [trace.model or "unknown teacher", trace.problem.dataset, trace.problem.split, trace.problem.subject]
        st.caption(inline(" · ".join([*filter(None, origin), place, f"trace {trace.id[:10]}"])))
        provenance.show(trace)


def header(work: Workspace, trace: Trace, scores: dict[str, Any], marks: Marks | None) -> str:
    """What stays in sight: decision, scores, note and the map; the box to enter, when one was opened."""
    said = work.labels(trace.id)
    shown = {"reference answer": trace.problem.reference, **scores}
    with st.container(horizontal=True, gap="small", vertical_alignment="top"):
        triage.badge(said)
        st.html(f'<div class="w-head">{trace_view.scores_line({k: shown[k] for k in shown if k not in APART})}</div>')
    enter = triage.note(work, trace.id, said.get("note", ""))
    if trace.reasoning and marks:
        st.html(minimap(trace, marks, trace.id))
    return enter


def body(work: Workspace, trace: Trace, scores: dict[str, Any], marks: Marks, others: list[dict[str, Any]]) -> None:
    """The text, rendered, raw, or beside another solution of the problem; then the other solutions."""

    def flip() -> None:
        put("raw", None if get("raw") else "1")

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Show rendered text" if get("raw") else "Show raw text", key="raw-text", shortcut="t",
                  icon=":material/code:", on_click=flip)  # fmt: skip
        with st.popover("Collapse", icon=":material/unfold_less:", help="Kinds of segments shown closed"):
            st.pills(
                "Collapse", KINDS, selection_mode="multi", key="collapse", persist_state="session",
                format_func=lambda kind: KIND_NAMES[kind],
            )  # fmt: skip
        siblings.choose(others)
        scored = work.store.surprised(trace.id)
        by = surprise.choose(list(scored))
        st.caption("Press ? for all keys", width="content")
    if beside := siblings.beside(others):
        siblings.compare(trace, work.store.trace(beside["id"]), beside)
        return
    if not trace.segments:
        st.caption("This trace has no segments yet. Choose Measure above the list to mark them.")
    closed, pieces = st.session_state.get("collapse") or [], marked(trace, marks)
    if by in scored and not get("raw"):
        tokens = work.store.surprise(trace.id, scored[by])
        surprise.show_legend(tokens, len(trace.reasoning))
        pieces = surprise.shaded(pieces, tokens)
    trace_view.show_trace(trace, trace.id, closed, raw=bool(get("raw")), pieces=pieces)
    siblings.links(others)
    evidence.show(work, trace, scores)


with screen("Traces", "Read the teachers' solutions: filter, sort, open one, move with j and k.") as work:
    if not offer_samples(work):
        traces(work)
