"""From a training trace to the benchmark: the problems about the same, and which students solve them."""

from typing import Any

import streamlit as st

from curation.trace import Trace
from curation.workspace import Workspace
from pages.ui.evaluating import evaluated
from pages.ui.reading.maths import inline, visible
from pages.ui.state import put
from training.comparing.comparison_report import mark
from training.comparing.evaluations import Evaluation, by_benchmark
from training.comparing.nearest import NearProblem, near_problems


def show(work: Workspace, trace: Trace) -> None:
    """The nearest problems of every benchmark; a click opens one on the compare page."""
    groups = by_benchmark(evaluated.finished(work))
    if not groups:
        st.caption("Nothing is evaluated yet, so no student was marked on a problem like this one.")
        return
    for benchmark, found in groups.items():
        near = near_problems(trace.question, found)
        st.caption(inline(f"{benchmark}: problems that share most words with this question; click one to open it"))
        chosen = st.dataframe(
            [row(one, found) for one in near], key=f"near-problems-{benchmark}-{trace.id}", hide_index=True,
            on_select="rerun", selection_mode="single-row", height="content", row_height=29, placeholder="not asked",
            alt=f"Problems of {benchmark} near this trace",
            column_config={"Alike": st.column_config.NumberColumn("Alike", format="%.2f", width=60)},
        )  # fmt: skip
        for place in chosen["selection"]["rows"]:
            query = {"benchmark": benchmark, "problem": near[place].problem_id}
            for name, value in query.items():
                put(name, value)
            st.switch_page("pages/compare.py", query_params=query)


def row(near: NearProblem, found: list[Evaluation]) -> dict[str, Any]:
    """A problem, and how each student did on it."""
    answers = {one.name: one.answers.get(near.problem_id) for one in found}
    marks = {name: mark(answer.right, answer.attempts) if answer else None for name, answer in answers.items()}
    return {"Alike": near.similarity, "Question": visible(near.question), **marks}
