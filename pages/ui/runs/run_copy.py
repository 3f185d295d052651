"""Starting a run again with changes: training opens the train page filled in, an evaluation its form right here."""

import streamlit as st

from curation.runs import Run, create
from curation.workspace import Workspace
from pages.ui import forms
from pages.ui.state import put
from pages.ui.training import students
from training.strategy import STRATEGIES


def changed_copy(work: Workspace, run: Run) -> None:
    """The way to a changed copy, for runs that have settings."""
    kind = run.request.kind
    if kind == "train":
        st.page_link(
            "pages/train.py", label="Start a changed copy", icon=":material/content_copy:",
            query_params={"from": run.id},
        )  # fmt: skip
    elif kind == "evaluate":
        with st.expander("Start a changed copy", icon=":material/content_copy:"):
            _evaluation(work, run)


def _evaluation(work: Workspace, run: Run) -> None:
    """The strategy of an evaluation with its values, on the same student and benchmark."""
    request, members = run.request, list(STRATEGIES.members)
    name = st.selectbox("Strategy", members, members.index(request.spec["strategy"]), key=f"copy-strategy-{run.id}")
    given = request.spec if name == request.spec["strategy"] else {}
    choices = forms.Choices(models=["base", *students.trained(work)])
    values = forms.form(STRATEGIES.get(name), given, choices, f"copy-{run.id}-{name}")
    with st.container(horizontal=True):
        limit = st.number_input(
            "Only the first problems", 1, value=request.inputs.get("limit"), key=f"copy-limit-{run.id}",
            placeholder="all",
        )  # fmt: skip
        seed = st.number_input("Seed", 0, value=request.seed, key=f"copy-seed-{run.id}")
    if st.button("Start evaluation", type="primary", icon=":material/play_arrow:", key=f"copy-start-{run.id}"):
        strategy = STRATEGIES.parse({"strategy": name, **values})
        title = request.title.rsplit(", ", 1)[0]
        changes = {
            "spec": strategy.dump(),
            "inputs": {**request.inputs, "limit": limit},
            "seed": int(seed),
            "title": f"{title}, {strategy.title()}",
        }
        copy = create(work.runs_root, request.model_copy(update=changes))
        copy.launch()
        put("run", copy.id)
        st.rerun()
