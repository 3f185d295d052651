"""More about one trace: what it shares with a benchmark, its near-copies, and what a student would see of it."""

import html
from collections.abc import Callable
from typing import Any

import streamlit as st

from curation.benchmarks import Item, items, title
from curation.comparing.overlap import Span, overlap
from curation.operators.find_contamination import FindContamination
from curation.query.filters import Filter
from curation.trace import Trace
from curation.workspace import Workspace
from pages.ui.reading import near_problems, trace_view
from pages.ui.reading.maths import inline, visible
from pages.ui.state import errors, put, set_filter
from pages.ui.training import student_view, students

STYLE = """<style>
.w-same {white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; font-size: .9rem; line-height: 1.5;}
.w-same mark {background: rgba(214, 158, 46, .35); color: inherit; border-radius: 2px;}
</style>"""
COPIES = 20  # listed


def show(work: Workspace, trace: Trace, scores: dict[str, Any]) -> None:
    """One view at a time, each drawn only when it is asked for."""
    views: dict[str, Callable[[], None]] = {}
    if scores.get("contaminated_by"):
        views["Shared with a benchmark"] = lambda: contamination(work, trace, str(scores["contaminated_by"]))
    if scores.get("dup_cluster"):
        views["Near-copies"] = lambda: copies(work, trace, str(scores["dup_cluster"]))
    views["As a student sees it"] = lambda: student(work, trace)
    views["Benchmark problems like it"] = lambda: near_problems.show(work, trace)
    picked = st.segmented_control("More about this trace", list(views), key=f"more-{'-'.join(views)}")
    if picked:
        with errors():
            views[picked]()


def contamination(work: Workspace, trace: Trace, by: str) -> None:
    """The trace's text and the benchmark's question, what both say marked."""
    step = next(s for s in reversed(work.store.annotations().values()) if isinstance(s, FindContamination))
    item = benchmark_item(step, by)
    if item is None:
        st.caption(f"{inline(by)} is no longer in the benchmark's file: measure find_contamination again.")
        return
    texts = {"Question of the trace": trace.question}
    if step.texts == "question_and_reasoning":
        texts["Reasoning"] = trace.reasoning
    found = {name: overlap(text, item.problem.question, step.n, step.numbers) for name, text in texts.items()}
    name, best = max(found.items(), key=lambda pair: pair[1].share)
    st.caption(f"{best.share:.0%} of the question's runs of {step.n} words stand in the trace; marked: what both say")
    left, right = st.columns(2)
    with left:
        st.caption(name)
        st.html(STYLE + marked(texts[name], best.text))
    with right:
        st.caption(inline(f"Benchmark {by}"))
        st.html(STYLE + marked(item.problem.question, best.question))


def benchmark_item(step: FindContamination, by: str) -> Item | None:
    """The benchmark's problem that `benchmark:row` names."""
    name, _, row = by.rpartition(":")
    files = [path for path in step.paths() if title(path) == name]
    return next((item for path in files for item in items(path) if str(item.row) == row), None)


def marked(text: str, spans: list[Span]) -> str:
    """A text as HTML with these spans marked."""
    parts, position = [], 0
    for start, stop in spans:
        parts += [html.escape(visible(text[position:start])), f"<mark>{html.escape(visible(text[start:stop]))}</mark>"]
        position = stop
    return f'<div class="w-same">{"".join(parts)}{html.escape(visible(text[position:]))}</div>'


def copies(work: Workspace, trace: Trace, cluster: str) -> None:
    """The other traces of the cluster, most similar first; one is opened by a click, all become the filter."""
    together = Filter(values={"dup_cluster": (cluster,)})
    rows = work.store.page(together, "dup_similarity", True, 0, COPIES + 1).to_pylist()
    count = work.store.count(together).rows
    st.caption(f"{count:,} traces say nearly the same; drop_duplicates over the cluster keeps one of them")
    for row in rows:
        if row["id"] != trace.id:
            facts = [f"{name} {trace_view.shown(row[name])}" for name in ("dup_similarity", "n_chars", "correct")
                     if row.get(name) is not None]  # fmt: skip
            label = inline(f"{row['model'] or 'unknown teacher'}, {', '.join(facts)}: {row['question'][:80]}")
            st.button(label, key=f"copy-{row['id']}", type="tertiary", on_click=put, args=("trace", row["id"]))
    st.button(f"List all {count:,}", icon=":material/filter_alt:", on_click=set_filter, args=(together,))


def student(work: Workspace, trace: Trace) -> None:
    """The rendered chat with trained tokens shaded and the cut."""
    with st.container(horizontal=True):
        chosen = students.choose(work, "evidence-student")
        length = int(st.number_input("Max length", 16, 131_072, 1024, key="evidence-length"))
    if chosen:
        student_view.show_trace(trace, chosen.path, length)
