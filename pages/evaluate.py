"""Evaluate: a student on a benchmark with a strategy; accuracy always with interval, length and no-answer rate."""

from pathlib import Path
from typing import Any

import streamlit as st

from curation.benchmarks import Described, describe, imported_in, locate, read_hash, shipped
from curation.runs import Run, create
from curation.workspace import Workspace
from pages.ui import forms
from pages.ui.evaluating import benchmark_view, outcome_view
from pages.ui.evaluating.scores import COLUMNS, numbers, row
from pages.ui.runs.run_panel import panel
from pages.ui.state import errors, get, offer_samples, put, runs, screen
from pages.ui.training import students
from training.benchmark import Benchmark, marked
from training.comparing.contamination import Seen, seen
from training.comparing.outcomes import usual_tokens
from training.launch import evaluate_request
from training.strategy import STRATEGIES, Strategy
from training.student import Student

OTHER = "Another file"


def evaluation(work: Workspace) -> None:
    """The request on the left, the chosen evaluation on the right, its answers and all evaluations below."""
    left, right = st.columns([5, 7], gap="large")
    with left, errors():
        request(work)
    found = runs(work, "evaluate")
    with right:
        run = result(work, found)
    scores = run.result("scores.json") if run else None
    if run and scores:
        with errors():
            outcome_view.read(run, scores)
    finished(work, found)


def request(work: Workspace) -> None:
    """Student, benchmark and strategy."""
    student = students.choose(work, "evaluate-student", get("run"), students.served(work))
    path = benchmark_path(work)
    found = described(str(path), read_hash(path)) if path else None
    if found:
        benchmark_view.show(found, expanded=st.session_state["benchmark"] == OTHER)
    chosen = marked(path, found) if path and found else None
    limit = st.number_input("Only the first problems", 1, value=None, key="limit", placeholder="all")
    asked = chosen.first(limit) if chosen else None
    if student and chosen and asked:
        known = looked_up(student, chosen, read_hash(path) if path else "")
        benchmark_view.contamination(known.among(problem.id for problem in asked.problems), len(asked.problems))
    values = strategy_form(work, found)
    left, right = st.columns(2)
    seed = left.number_input("Seed", 0, value=0, key="evaluate-seed")
    size = right.number_input("Batch size", 1, value=None, key="batch-size", placeholder="by the model's size")
    strategy = STRATEGIES.parse(values)
    if asked:
        st.caption(expected(work, strategy, len(asked.problems)))
    ready = student is not None and asked is not None
    if st.button("Start evaluation", type="primary", icon=":material/play_arrow:", disabled=not ready):
        assert student
        assert path
        options: dict[str, Any] = {"limit": limit, "batch_size": size, "seed": int(seed)}
        run = create(work.runs_root, evaluate_request(student, str(path), strategy, **options))
        run.launch()
        put("evaluation", run.id)
        st.rerun()


def benchmark_path(work: Workspace) -> Path | None:
    """The file of the chosen benchmark: shipped, imported, or any file."""
    own = {f"{dataset} (imported)": dataset for dataset in work.answered()}
    before = used_before(work)
    options = [*shipped(), *own, *before, OTHER]
    name = st.selectbox("Benchmark", options, key="benchmark", format_func=lambda name: label(name, before))
    if name in before:
        return locate(name)
    if name in own:
        return Path(imported(work, own[name], work.store.version))
    if name == OTHER:
        name = st.text_input(
            "Benchmark file", key="benchmark-file", placeholder="/data/test.jsonl",
            help="JSON, JSON lines, CSV, TSV, Parquet or XML, as GSM8K, SVAMP, ASDiv, MAWPS, AQuA, MATH, AIME, MGSM, "
            "ARC and the like are published, or with question and answer",
        )  # fmt: skip
    return locate(name) if name else None


def used_before(work: Workspace) -> list[str]:
    """Files that were evaluated on before and are still there."""
    known = {str(locate(name)) for name in shipped()} | {str(path) for path in imported_in(work.root / "benchmarks")}
    used = (str(run.request.inputs.get("benchmark", "")) for run in runs(work, "evaluate"))
    return [path for path in dict.fromkeys(used) if path and path not in known and Path(path).is_file()]


def label(name: str, files: list[str]) -> str:
    """A benchmark in the select box: a file by its name."""
    return Path(name).name if name in files else name.replace("_", " ")


def strategy_form(work: Workspace, found: Described | None) -> dict[str, Any]:
    """The strategy with its whole form; a benchmark's own instruction is filled in where the strategy takes one."""
    members = list(STRATEGIES.members)
    name = st.selectbox("Strategy", members, members.index("greedy") if "greedy" in members else 0, key="strategy")
    spec = STRATEGIES.get(name)
    st.caption(spec.help())
    if found and found.card.metric == "pass@k" and "n" not in spec.model_fields:
        st.caption("This benchmark reports pass@k; choose a strategy that draws several answers to measure it.")
    instruction = found.card.instruction if found else None
    start = {"instruction": instruction} if instruction else {}
    key = f"strategy-{name}-{found.card.name}" if found and start else f"strategy-{name}"
    values = forms.form(spec, start, forms.Choices(models=["base", *students.trained(work)]), key)
    return {"strategy": name, **values}


@st.cache_data(show_spinner=False, max_entries=16)
def imported(_work: Workspace, dataset: str, version: int) -> str:
    """The benchmark file of a dataset's problems, written once for each state of the store."""
    return str(_work.write_benchmark(dataset))


@st.cache_resource(show_spinner="Reading the benchmark", max_entries=16)
def described(path: str, content: str) -> Described:
    """Card and problems of a benchmark's file."""
    return describe(Path(path))


def looked_up(student: Student, benchmark: Benchmark, content: str) -> Seen:
    """What the student saw of a benchmark, looked up once."""
    return _looked_up(student, benchmark, str(student.run or student.name), content)


@st.cache_resource(show_spinner="Looking for these problems in the training sets", max_entries=32)
def _looked_up(_student: Student, _benchmark: Benchmark, name: str, content: str) -> Seen:
    return seen(_student, _benchmark.problems)


def expected(work: Workspace, strategy: Strategy, problems: int) -> str:
    """What the evaluation will cost in generated tokens."""
    before = [scores for run in runs(work, "evaluate") if (scores := run.result("scores.json"))]
    usual, most = usual_tokens(strategy, before), strategy.most_tokens()
    parts = [f"about {usual * problems:,.0f} as in the last evaluation with this strategy"] if usual else []
    parts += [f"at most {most * problems:,}"] if most else []
    return f"Tokens to generate: {', '.join(parts) or 'not known before'}."


def result(work: Workspace, found: list[Run]) -> Run | None:
    """The chosen evaluation: its run while it works, then its numbers."""
    if not found:
        st.caption("Nothing was evaluated yet. Start with the shipped base, to have something to compare with.")
        return None
    ids = {run.id: run for run in found}
    asked = get("evaluation")
    if len(ids) > 1:
        titles = {name: f"{run.request.title} ({name[-4:]})" for name, run in ids.items()}
        start = list(ids).index(asked) if asked in ids else 0
        asked = st.selectbox("Evaluation", list(ids), start, key=f"evaluation-{len(ids)}", format_func=titles.get)
        put("evaluation", asked)
    run = ids.get(asked or "", found[0])
    with st.container(border=True):
        panel(run, "evaluate")
        scores = run.result("scores.json")
        if scores:
            numbers(scores)
    if scores:
        outcome_view.strategy(scores)
    return run


def finished(work: Workspace, found: list[Run]) -> None:
    """All finished evaluations."""
    names = students.names(work)
    rows = [row(other, names) for other in found if other.result("scores.json")]
    if rows:
        st.caption("Finished evaluations, newest first")
        st.dataframe(rows, hide_index=True, height="auto", placeholder="", alt="Evaluations", column_config=COLUMNS)
        st.page_link("pages/compare.py", label="Compare students", icon=":material/compare_arrows:")


with screen("Evaluate", "Run a student on a benchmark, now or while you do something else.") as work:
    if not offer_samples(work):
        evaluation(work)
