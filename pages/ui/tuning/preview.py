"""What a recipe would do: the rows are held in memory once, and each look applies only what changed."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import streamlit as st

from curation.application.preview import Preview
from curation.application.result import Result
from curation.operator import LABELS, Annotator, Operator
from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.tuning.dials import dials
from curation.workspace import Workspace
from pages.ui.reading import trace_view
from pages.ui.reading.maths import visible
from pages.ui.state import put
from pages.ui.tuning import funnel
from pages.ui.tuning.draft import Draft

NEAREST, EXAMPLES, FITTING = 4, 5, 10


@st.cache_resource(show_spinner="Loading the traces", max_entries=3)
def _held(_work: Workspace, root: str, query: str, at: tuple[int, int]) -> Preview:
    return _work.open_preview(Filter.from_query(query))


def opened(work: Workspace, chosen: Filter, steps: Sequence[Operator]) -> Preview:
    """The preview of these traces, the same one until the filter or the data change.

    A label somebody sets changes it only where the filter or a step reads labels.
    """
    reads = chosen.reads_labels() or any(set(LABELS) & set(step.needs()) for step in steps)
    return _held(work, str(work.root), chosen.to_query(), (work.store.version, work.store.labelled if reads else -1))


class Scene(NamedTuple):
    """What is looked at while a recipe is edited; the result is the preview's, so both are of the same moment."""

    work: Workspace
    draft: Draft
    recipe: Recipe
    held: Preview
    result: Result
    chosen: Filter


def applied(held: Preview, steps: Sequence[Operator]) -> Result:
    """What steps leave of the traces of a preview."""
    with st.spinner("Applying the recipe"):
        return held.apply(steps)


def start(work: Workspace, chosen: Filter) -> funnel.Start:
    """How much a recipe starts from."""
    counts = work.store.count(chosen)
    return funnel.Start(counts.rows, counts.problems, counts.tokens)


def stored(work: Workspace) -> list[Operator]:
    """Annotators whose results are there for every trace."""
    known = work.store.annotations().values()
    return [step for step in known if isinstance(step, Annotator) and work.store.is_complete(step)]


def questions(work: Workspace, result: Result, step: int, rows: pa.Table) -> list[dict[str, Any]]:
    """Rows of a step with the questions they answer."""
    ids = rows["id"].to_pylist()
    found = work.store.questions(ids)
    made = set(ids) - set(found)  # by a mapper
    found |= {trace.id: trace.question for trace in result.texts(step, made)} if made else {}
    return [{**row, "question": visible(found.get(row["id"], ""))} for row in rows.to_pylist()]


def nearest(work: Workspace, result: Result, step: int, key: str) -> None:
    """The rows a threshold decides most narrowly, kept and dropped; a click opens the trace."""
    rows = questions(work, result, step, result.borderline(step, NEAREST))
    if not rows:
        return
    numeric = bool(dials(result.steps, [step]))  # a flag has no rows near a threshold
    st.caption("Nearest to the threshold, on both sides" if numeric else "Some of the rows kept and dropped")
    table = [{"verdict": "kept" if row["kept"] else "dropped", **row} for row in rows]
    order = ["verdict", *(["value"] if numeric else []), "question"]
    clickable(table, order, f"{key}-near", f"Rows nearest to the threshold of step {step}")


def clickable(rows: list[dict[str, Any]], order: list[str], key: str, alt: str) -> None:
    """A table of rows with an `id`; choosing one keeps its trace for the page and for the list of traces."""
    columns: dict[str, Any] = {name: st.column_config.Column(name.capitalize()) for name in order}
    columns["value"] = st.column_config.NumberColumn("Value", format="%.4g", width=80)
    columns["verdict"] = st.column_config.TextColumn("Verdict", width=70)
    key = f"{key}-{hash(tuple(row['id'] for row in rows))}"

    def choose() -> None:
        chosen = st.session_state[key]["selection"]["rows"]
        if chosen:
            put("trace", rows[chosen[0]]["id"])
            st.session_state["asked-trace"] = rows[chosen[0]]["id"]

    st.dataframe(
        rows, hide_index=True, height="content" if len(rows) <= FITTING else 330, placeholder="", row_height=29,
        column_order=order,
        column_config=columns, alt=alt, key=key, on_select=choose, selection_mode="single-row",
    )  # fmt: skip


def changes(result: Result, key: str) -> None:
    """Traces a mapper changed, removed segments struck through."""
    mappers = [report.step for report in result.reports if report.kind == "mapper" and report.changed]
    if not mappers:
        st.caption("No step changes a trace of this preview.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.selectbox(
            "Step", mappers, key=f"{key}-step", width=220, format_func=lambda n: f"{n}. {result.steps[n - 1].title()}"
        )
        examples = result.examples(number, EXAMPLES)
        index = st.pagination(max(1, len(examples)), key=f"{key}-{number}")
    before, after = examples[min(index, len(examples)) - 1]
    left = sum(len(trace.reasoning) for trace in after)
    share = f", {1 - left / len(before.reasoning):.0%} removed" if before.reasoning and len(after) == 1 else ""
    trace_view.show_text(before.question, "w-question")
    st.caption(f"{len(before.reasoning):,} characters of reasoning before, {left:,} after{share}")
    trace_view.show_changes(before, after, f"{key}-{number}-{index}")
