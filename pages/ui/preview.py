"""What a recipe would do, taken out of an application once and kept while recipe, filter and data stay the same."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from curation.filters import Filter
from curation.operator import Mapper, Selector
from curation.recipe import Recipe
from curation.report import StepReport
from curation.result import Result
from curation.trace import Trace
from curation.workspace import Workspace
from pages.ui import funnel, trace_view
from pages.ui.maths import visible

NEAREST, EXAMPLES = 8, 5


@dataclass(frozen=True)
class Preview:
    """Reports, the rows nearest to each threshold, and traces before and after each mapper."""

    rows_in: int
    reports: list[StepReport]
    borderline: dict[int, list[dict[str, Any]]]
    examples: dict[int, list[tuple[Trace, list[Trace]]]]


@st.cache_data(show_spinner="Applying the recipe", max_entries=16)
def compute(_work: Workspace, recipe_yaml: str, query: str, version: int) -> Preview:
    """Apply a recipe to a preview of the filtered traces; `version` changes with the data."""
    recipe, chosen = Recipe.read(recipe_yaml), Filter.from_query(query)
    with _work.preview(recipe, chosen) as result:
        steps = list(enumerate(recipe.steps, 1))
        near = {n: _near(result, n) for n, step in steps if isinstance(step, Selector)}
        pairs = {
            n: [(example.before, example.after) for example in result.examples(n, EXAMPLES)]
            for n, step in steps
            if isinstance(step, Mapper)
        }
        return Preview(_work.store.count(chosen).rows, result.reports, near, pairs)


def _near(result: Result, number: int) -> list[dict[str, Any]]:
    """Borderline rows of a step with their questions."""
    rows = result.borderline(number, NEAREST).to_pylist()
    found = result.sources[number - 1].traces({row["id"] for row in rows})
    questions = {trace.id: trace.question for batch in found for trace in batch}
    return [{**row, "question": visible(questions.get(row["id"], ""))} for row in rows]


def show(preview: Preview) -> None:
    """Draw funnel, borderline rows, and changes in tabs."""
    tabs = st.tabs(["Funnel", "Nearest to the thresholds", "Before and after"])
    with tabs[0]:
        funnel.show(preview.reports, preview.rows_in, "preview")
    with tabs[1]:
        borderline(preview)
    with tabs[2]:
        changes(preview)


def borderline(preview: Preview) -> None:
    """The rows a threshold decides most narrowly, kept and dropped."""
    if not any(preview.borderline.values()):
        st.caption("No step chooses rows.")
    for number, rows in preview.borderline.items():
        if not rows:
            continue
        numeric = len({row["value"] for row in rows}) > 2  # a flag or a rank has no rows near a threshold
        what = "rows nearest to the threshold, on both sides" if numeric else "examples of kept and dropped rows"
        st.caption(f"Step {number}, {preview.reports[number - 1].op}: {what}")
        table = [{"verdict": "kept" if row["kept"] else "dropped", **row} for row in rows]
        order = ["verdict", *(["value"] if numeric else []), "reason", "question"]
        st.dataframe(
            table, hide_index=True, height="content", placeholder="", row_height=29, column_order=order,
            column_config={
                **{name: name.capitalize() for name in order},
                "value": st.column_config.NumberColumn("Value", format="%.4g"),
            },
            alt=f"Borderline rows of step {number}",
        )  # fmt: skip


def changes(preview: Preview) -> None:
    """Traces a mapper changed, removed segments struck through."""
    if not any(preview.examples.values()):
        st.caption("No step changed a trace of this preview.")
        return
    mappers = [number for number, pairs in preview.examples.items() if pairs]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.selectbox(
            "Step", mappers, key="changes-step", width=220,
            format_func=lambda n: f"{n}. {preview.reports[n - 1].op}" if n <= len(preview.reports) else str(n),
        )  # fmt: skip
        pairs = preview.examples.get(number) or []
        index = st.pagination(max(1, len(pairs)), key=f"changes-{number}")
    if not pairs:
        return
    before, after = pairs[min(index, len(pairs)) - 1]
    left = sum(len(trace.reasoning) for trace in after)
    share = f", {1 - left / len(before.reasoning):.0%} removed" if before.reasoning and len(after) == 1 else ""
    trace_view.show_text(before.question, "w-question")
    st.caption(f"{len(before.reasoning):,} characters of reasoning before, {left:,} after{share}")
    trace_view.show_changes(before, after, f"changes-{number}-{index}")
