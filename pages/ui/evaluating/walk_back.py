"""From a problem back to its cause: the nearest training traces of a student, and what the recipe did to them."""

import re
from pathlib import Path

import streamlit as st

from curation.application.ledger import Fate, Ledger
from curation.curated import CuratedSet
from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.runs import Run
from curation.workspace import Workspace
from pages.ui.reading import trace_view
from pages.ui.reading.maths import inline, visible
from pages.ui.state import errors, put
from pages.ui.tuning import fate_view, steps
from pages.ui.tuning.draft import Draft
from training.comparing.evaluations import Evaluation
from training.comparing.nearest import Near, Neighbours, kept_at

LISTED = 5
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")
KINDS = {True: "In the set", False: "Dropped by the recipe"}


def show(work: Workspace, found: Evaluation, question: str, key: str) -> None:
    """The traces nearest to a problem, of those a student was trained on or of those its recipe dropped."""
    if found.student_run is None:
        st.caption("This student was not trained here, so its training traces are not known.")
        return
    with errors():
        curated = CuratedSet(Path(Run(found.student_run).request.inputs["set"]))
        known = neighbours(str(kept_at(curated)), curated, work)
        kept = st.segmented_control(
            f"Nearest traces, set {inline(curated.name)}", list(KINDS), default=True, required=True,
            key=f"near-{key}-{found.id}", format_func=lambda value: KINDS[value],
        )  # fmt: skip
        near = known.near(question, LISTED, kept=bool(kept))
        if not near:
            st.caption("No trace of this kind shares a word with the problem.")
            return
        chosen = choose(near, f"near-{key}-{found.id}-{kept}-{near[0].trace_id}")
        told(work, curated, chosen, f"{key}-{found.id}")


@st.cache_resource(show_spinner="Measuring the set's questions, once", max_entries=8)
def neighbours(kept: str, _curated: CuratedSet, _work: Workspace) -> Neighbours:
    """A set's questions, measured once and kept beside the sets."""
    return Neighbours.of(_curated, _work.store.traces)


def choose(near: list[Near], key: str) -> Near:
    """A table of the traces; the first is open until another is clicked."""
    picked = st.dataframe(
        [{"Alike": one.similarity, "Question": visible(one.question)} for one in near], key=key, hide_index=True,
        on_select="rerun", selection_mode="single-row", selection_default={"selection": {"rows": [0]}},
        height="content", row_height=29, alt="Nearest traces",
        column_config={"Alike": st.column_config.NumberColumn("Alike", format="%.2f", width=60)},
    )  # fmt: skip
    rows = picked["selection"]["rows"]
    return near[rows[0]] if rows else near[0]


def told(work: Workspace, curated: CuratedSet, near: Near, key: str) -> None:
    """What each step of the set's recipe did to a trace, with a way to that step and to the trace."""
    fates = Ledger.of_file(curated.ledger).why(near.trace_id)
    origin = fates[0].trace_id if fates else near.trace_id
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(fate_view.verdict(fates, near.trace_id))
        st.page_link(
            "pages/traces.py", label="Open the trace", icon=":material/open_in_new:", query_params={"trace": origin}
        )
    for fate in fates:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(inline(fate_view.sentence(fate)))
            if st.button(label(fate), key=f"step-{key}-{fate.step}-{fate.trace_id}", type="tertiary",
                         icon=":material/tune:"):  # fmt: skip
                open_step(curated, fate.step)
    if st.toggle("Read the trace", key=f"read-{key}-{near.trace_id}"):
        read(work, curated, near, origin)


def read(work: Workspace, curated: CuratedSet, near: Near, origin: str) -> None:
    """The trace as the student was trained on it, what the recipe removed struck through; else as it was."""
    known = {trace.id: trace for batch in work.store.traces([origin]) for trace in batch}
    before, after = known.get(origin), curated.find(near.trace_id) if near.kept else None
    shown = after or before
    if shown is None:
        st.caption("This trace is no longer in the workspace.")
    elif before and after and before.id != after.id:
        trace_view.show_changes(before, [after], f"walk-{near.trace_id}")
    else:
        trace_view.show_trace(shown, f"walk-{near.trace_id}")


def label(fate: Fate) -> str:
    """What can be done about a step's doing."""
    return "Change the threshold" if NUMBER.fullmatch(fate.threshold or "") else "Open the step"


def open_step(curated: CuratedSet, number: int) -> None:
    """Go to the recipe of a set, on the traces it was made from, with the form of a step open."""
    facts = curated.manifest
    draft = Draft.of(Recipe.read(facts.recipe_yaml))
    st.session_state["draft"] = draft
    st.session_state[steps.OPEN] = next(step.uid for step, place in draft.numbers() if place == number)
    query = {"draft": facts.recipe_yaml}
    if "filter" in facts.source:
        query["filter"] = Filter.model_validate(facts.source["filter"]).to_query()
    for name, value in query.items():
        put(name, value)
    st.switch_page("pages/recipes.py", query_params=query)
