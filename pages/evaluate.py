"""Evaluate: a student on a benchmark with a strategy; accuracy always with interval, length and no-answer rate."""

from pathlib import Path

import streamlit as st

from curation.benchmarks import locate, shipped
from curation.runs import create
from curation.workspace import Workspace
from pages.ui import forms, students
from pages.ui.run_panel import panel
from pages.ui.scores import COLUMNS, numbers, row
from pages.ui.state import get, offer_samples, put, runs, screen
from training.benchmark import read
from training.launch import evaluate_request
from training.strategy import STRATEGIES

OTHER = "Another file"


def evaluation(work: Workspace) -> None:
    """The request on the left, the runs on the right."""
    left, right = st.columns([5, 7], gap="large")
    with left:
        request(work)
    with right:
        results(work)


def request(work: Workspace) -> None:
    """Student, benchmark and strategy."""
    student = students.choose(work, "evaluate-student", get("run"))
    own = {f"{dataset} (imported)": dataset for dataset in work.answered()}
    name = st.selectbox(
        "Benchmark", [*shipped(), *own, OTHER], key="benchmark", format_func=lambda n: n.replace("_", " ")
    )
    if name in own:
        name = imported(work, own[name], work.store.version)
    elif name == OTHER:
        name = st.text_input("Benchmark file", key="benchmark-file", placeholder="/data/test.jsonl",
                             help="JSON lines with question and answer, or parquet")  # fmt: skip
    if name:
        problems = count(str(locate(name)))
        st.caption(f"{problems:,} problems with a reference answer")
    limit = st.number_input("Only the first problems", 1, value=None, key="limit", placeholder="all")
    members = list(STRATEGIES.members)
    chosen = st.selectbox("Strategy", members, members.index("greedy") if "greedy" in members else 0, key="strategy")
    st.caption(STRATEGIES.get(chosen).help())
    values = forms.form(STRATEGIES.get(chosen), {}, forms.Choices(models=["base", *students.trained(work)]),
                        f"strategy-{chosen}")  # fmt: skip
    seed = st.number_input("Seed", 0, value=0, key="evaluate-seed")
    ready = student is not None and bool(name)
    if st.button("Start evaluation", type="primary", icon=":material/play_arrow:", disabled=not ready) and student:
        strategy = STRATEGIES.parse({"strategy": chosen, **values})
        run = create(work.runs_root, evaluate_request(student, name, strategy, limit=limit, seed=int(seed)))
        run.launch()
        put("evaluation", run.id)
        st.rerun()


@st.cache_data(show_spinner=False, max_entries=16)
def imported(_work: Workspace, dataset: str, version: int) -> str:
    """The benchmark file of a dataset's problems, written once for each state of the store."""
    return str(_work.write_benchmark(dataset))


@st.cache_data(show_spinner=False, max_entries=16)
def count(path: str) -> int:
    """Problems of a benchmark file."""
    return len(read(Path(path)).problems)


def results(work: Workspace) -> None:
    """The chosen evaluation and all that are finished."""
    found = runs(work, "evaluate")
    if not found:
        st.caption("Nothing was evaluated yet. Start with the shipped base, to have something to compare with.")
        return
    run = next((run for run in found if run.id == get("evaluation")), found[0])
    with st.container(border=True):
        panel(run, "evaluate")
        scores = run.result("scores.json")
        if scores:
            numbers(scores)
    names = students.names(work)
    rows = [row(other, names) for other in found if other.result("scores.json")]
    if rows:
        st.caption("Finished evaluations, newest first")
        st.dataframe(rows, hide_index=True, height="auto", placeholder="", alt="Evaluations", column_config=COLUMNS)
        st.page_link("pages/compare.py", label="Compare students", icon=":material/compare_arrows:")


with screen("Evaluate", "Run a student on a benchmark, now or while you do something else.") as work:
    if not offer_samples(work):
        evaluation(work)
