"""Generate: models write traces of chosen problems; what it takes is told before, what arrives while they write."""

from collections.abc import Mapping, Sequence

import streamlit as st

from curation.connection import find, known
from curation.operator import OPERATORS
from curation.operators.generate import Generate
from curation.runs import ACTIVE, Run
from curation.workspace import Workspace
from pages.ui.reading.maths import visible
from pages.ui.state import errors, get, offer_samples, put, runs, screen
from pages.ui.teaching import estimates, generation_form, generation_view, problems
from pages.ui.training import students

CHOSEN = "generation"  # the run in the address


def generation(work: Workspace) -> None:
    """The request on the left, runs on the right."""
    left, right = st.columns([5, 7], gap="large")
    with left, errors():
        request(work)
    with right:
        written(work)


def request(work: Workspace) -> None:
    """Problems, models, how they are asked, what that takes, and the start."""
    chosen = problems.choose(work)
    names = students.names(work)
    models = st.multiselect(
        "Models", known(work.root), key="generate-models", accept_new_options=True, help="One run each",
        placeholder="Choose who writes", format_func=lambda name: names.get(name, name),
    )  # fmt: skip
    st.page_link("pages/models.py", label="Add or price a model", icon=":material/hub:")
    values = generation_form.draw(work, chosen, "generate")
    steps = [step for model in models if isinstance(step := parsed(model, values), Generate)]
    if chosen and chosen.first:
        estimates.show(work, steps, chosen.first)
    ready = bool(steps and chosen and chosen.first)
    name = f"Start {len(steps)} runs" if len(steps) > 1 else "Start generating"
    if st.button(name, type="primary", icon=":material/play_arrow:", key="generate-start", disabled=not ready):
        assert chosen
        start(work, steps, chosen)
        st.rerun()


def parsed(model: str, values: dict[str, object]) -> Generate:
    """The step of one model."""
    step = OPERATORS.parse({"op": "generate", "model": model, **values})
    assert isinstance(step, Generate)
    return step


def start(work: Workspace, steps: Sequence[Generate], chosen: problems.Chosen) -> None:
    """A run for each model; none is launched before all of them could be made."""
    elsewhere = {step.model: not find(step.model, work.root).here for step in steps}
    made = [
        work.generate_run(step, chosen.asked, chosen.dataset, chosen.limit, elsewhere[step.model]) for step in steps
    ]
    for run in made:
        run.launch()
    put(CHOSEN, made[0].id)
    st.toast("Started; rows arrive at the top of the page", icon=":material/play_arrow:")


def written(work: Workspace) -> None:
    """What is being written, and the chosen one of the runs that have ended."""
    found = runs(work, "generate")
    if not found:
        st.caption("Nothing was generated yet. A few problems first show whether prompt and model fit.")
        return
    active = [run for run in found if run.status().state in ACTIVE]
    for run in reversed(active):
        generation_view.show(work, run)
    if ended := {run.id: run for run in found if run not in active}:
        generation_view.show(work, ended[which(ended)])


def which(ended: Mapping[str, Run]) -> str:
    """The id of the chosen run among those that have ended; the newest while the address names one that has not."""
    ids, asked = list(ended), get(CHOSEN)
    start = ids.index(asked) if asked in ended else 0
    if len(ids) == 1:
        return ids[0]
    # a new key once more have ended, so that the list takes the one of the address
    key = f"generation-{len(ids)}"
    chosen = st.selectbox(
        "Ended runs", ids, start, key=key, format_func=lambda name: title(ended[name]),
        on_change=lambda: put(CHOSEN, st.session_state[key]),
    )  # fmt: skip
    return str(chosen)


def title(run: Run) -> str:
    """A run in the select box."""
    return f"{visible(run.request.title)} ({run.id[-4:]}, {run.status().state})"


with screen("Generate", "Models write traces of your problems; rows arrive while they write.") as work:
    if work.store.datasets().num_rows or not offer_samples(work):
        generation(work)
