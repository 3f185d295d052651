"""Train: a student on a curated set; what it sees before, how it goes while it runs."""

from typing import Any

import streamlit as st

from curation.curated import CuratedSet, all_sets
from curation.errors import UserError
from curation.runs import ACTIVE, Run, create
from curation.workspace import Workspace
from pages.ui import fields, forms
from pages.ui.reading import trace_view
from pages.ui.reading.maths import inline, unlinked
from pages.ui.runs.run_panel import panel
from pages.ui.state import errors, get, offer_samples, put, runs, screen
from pages.ui.training import repairs, student_view, students, training_plan
from pages.ui.training.prefill import Prefill, of_recipe, of_run
from training.launch import train_request
from training.objective import OBJECTIVES, Objective
from training.rows.estimate import pace
from training.running.hardware import gpus
from training.student import Student

MAIN = ("learning_rate", "max_train_tokens", "max_length", "lora", "held_out")
SEES, RUNS = "What the student sees", "Training runs"
LOWEST_LENGTH = 16  # tokens; a shorter row holds no question


def training(work: Workspace) -> None:
    """The request on the left, what the student sees on the right, runs below."""
    found = all_sets(work.sets_root)
    if not found:
        with st.container(border=True):
            st.write("Training needs a curated set. Freeze one from a recipe first.")
            st.page_link("pages/recipes.py", label="Open recipes", icon=":material/filter_alt:")
    else:
        left, right = st.columns([5, 7], gap="large")
        launched = runs(work, "train")
        busy = any(run.status().state in ACTIVE for run in launched)
        with right:
            seen, going = st.tabs([SEES, RUNS], default=RUNS if busy else SEES, key=f"train-tabs-{len(launched)}")
        with going:
            progress(launched)
        with left:
            request(work, found, seen)


def request(work: Workspace, found: list[CuratedSet], beside: Any) -> None:  # noqa: ANN401  (a column)
    """Set, student and objective; the launch waits for rows without a blocking defect."""
    copied = copy_of(work)
    curated = choose_set(found, copied.set if copied else None)
    start = copied or of_recipe(curated)
    origin(start)
    student = students.choose(work, f"train-student{start.key}", start.student)
    values, key = objective_form(work, start)
    seed = st.number_input("Seed", 0, value=start.seed, key=f"train-seed{start.key}", help="Same seed, same run")
    processes = 1
    if gpus() > 1:
        processes = st.number_input("GPUs", 1, gpus(), min(start.processes, gpus()), key=f"train-gpus{start.key}",
                                    help="A process each; batches of all are summed")  # fmt: skip
    if student is None:
        return
    objective = OBJECTIVES.parse(values)
    reason = "The rows could not be checked."
    with beside, errors():
        reason = not_ready(work, curated, student, objective, key)
    if reason:
        st.caption(f":material/block: {reason}")
    else:
        estimate(work, curated, student, objective, (int(seed), int(processes)))
    if st.button("Start training", type="primary", icon=":material/play_arrow:", disabled=bool(reason)):
        run = create(work.runs_root, train_request(curated, objective, student, int(seed), processes=int(processes)))
        run.launch()
        put("run", run.id)
        put("from", None)
        st.rerun()


def copy_of(work: Workspace) -> Prefill | None:
    """The settings of the run to copy, if one is asked for; a run that is gone is said and forgotten."""
    asked = get("from")
    if not asked:
        return None
    try:
        return of_run(work, asked)
    except UserError as error:
        put("from", None)
        st.warning(unlinked(str(error)), icon=":material/content_copy:")
        return None


def origin(start: Prefill) -> None:
    """Say where the settings come from; a copy can be let go."""
    if not start.said:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/content_copy: {inline(start.said)}", width="content")
        if get("from") and st.button("Use the defaults", type="tertiary", key="copy-none"):
            put("from", None)
            st.rerun()


def choose_set(found: list[CuratedSet], copied: str | None) -> CuratedSet:
    """The curated set, the copied run's or the address's first."""
    names = [curated.name for curated in found]
    asked = copied or get("set")
    if "use-set" in st.session_state:  # a repaired set takes the place of the one it was made from
        st.session_state["train-set"] = st.session_state.pop("use-set")
    if copied in names and st.session_state.get("copied-set") != get("from"):  # once, so that it can be changed
        st.session_state["copied-set"], st.session_state["train-set"] = get("from"), copied
    name = st.selectbox("Curated set", names, names.index(asked) if asked in names else 0, key="train-set")
    put("set", name)
    return found[names.index(name)]


def estimate(
    work: Workspace, curated: CuratedSet, student: Student, objective: Objective, numbers: tuple[int, int]
) -> None:
    """How much there is to train and how long it took before."""
    seed, processes = numbers
    lengths = training_plan.lengths(student_view.inspection(curated, student.path).rows())
    plan = training_plan.planned(objective, lengths, seed, processes)
    before = pace(runs(work, "train"), student.path, objective.title(), processes)
    st.caption(f":material/timer: {training_plan.sentence(curated, plan, before, objective.held_out)}")


def not_ready(work: Workspace, curated: CuratedSet, student: Student, objective: Objective, form: str) -> str:
    """Draw what the student sees; why training may not start yet, or nothing."""
    values, key = objective.parameters(), f"{form}-max_length"
    length = longest(values)
    facts = student_view.show(
        curated, student.path, length, lambda facts: repairs.show(work, curated, student.path, length, facts, key),
        objective.reading(),
    )  # fmt: skip
    if facts is None:
        return "Training can start once every row is checked."
    if facts.trained_tokens == 0:
        return "No token of this set would be trained."
    if facts.red and values.get("defective_rows") != "drop":
        return f"{facts.red:,} rows would teach something else than they say: drop or mend them first."
    return ""


def longest(values: dict[str, Any]) -> int:
    """The longest row the objective reads."""
    return max(LOWEST_LENGTH, int(values.get("max_length") or 1024))


def objective_form(work: Workspace, start: Prefill) -> tuple[dict[str, Any], str]:
    """The objective and its fields, its own first, and the prefix of their keys; what all share is folded away."""
    members = list(OBJECTIVES.members)
    name = st.selectbox("Objective", members, members.index(start.objective), key=f"objective{start.key}")
    spec, key = OBJECTIVES.get(name), f"objective-{name}{start.key}"
    st.caption(spec.help())
    given = start.values if name == start.objective else {}
    choices = forms.Choices(models=["base", *students.trained(work)])
    own = [item.name for item in fields.fields(spec) if item.name not in Objective.model_fields]
    values = forms.form(spec, given, choices, key, [*own, *MAIN])
    with st.expander("More settings", icon=":material/tune:"):
        rest = [item.name for item in fields.fields(spec) if item.name not in (*own, *MAIN)]
        values |= forms.form(spec, given, choices, key, rest)
    return {"objective": name, **values}, key


def progress(found: list[Run]) -> None:
    """The chosen train run, kept up to date; it goes on without this page."""
    if not found:
        st.caption("No student was trained yet.")
        return
    ids = [run.id for run in found]
    asked = get("run")
    name = st.selectbox(
        "Run", ids, ids.index(asked) if asked in ids else 0, key=f"train-run-{asked}",
        format_func=lambda run_id: f"{found[ids.index(run_id)].request.title}, {run_id}",
    )  # fmt: skip
    run = found[ids.index(name)]
    put("run", run.id)
    with st.container(border=True):
        panel(run, "train")
        facts = run.result("scores.json")
        if facts:
            known = {name: value for name, value in facts.items() if isinstance(value, int | float | str)}
            numbers = [f"{name.replace('_', ' ')} {trace_view.shown(value)}" for name, value in known.items()]
            st.caption(inline(", ".join(numbers)))
        if run.status().state == "done":
            st.page_link("pages/evaluate.py", label="Evaluate this student", icon=":material/fact_check:",
                         query_params={"run": run.id})  # fmt: skip


with screen("Train", "Fine-tune a student on a curated set; the run goes on when this page is closed.") as work:
    if not offer_samples(work):
        training(work)
