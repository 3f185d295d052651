"""Train: a student on a curated set; what it sees before, how it goes while it runs."""

from typing import Any

import streamlit as st

from curation.curated import CuratedSet, all_sets
from curation.runs import ACTIVE, Run, create
from curation.workspace import Workspace
from pages.ui import fields, forms, repairs, student_view, students, trace_view
from pages.ui.maths import inline
from pages.ui.run_panel import panel
from pages.ui.state import errors, get, offer_samples, put, runs, screen
from training.launch import train_request
from training.objective import OBJECTIVES, Objective
from training.student import Student

MAIN = ("learning_rate", "max_train_tokens", "max_length", "lora")
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
    names = [curated.name for curated in found]
    asked = get("set")
    if "use-set" in st.session_state:  # a repaired set takes the place of the one it was made from
        st.session_state["train-set"] = st.session_state.pop("use-set")
    name = st.selectbox("Curated set", names, names.index(asked) if asked in names else 0, key="train-set")
    put("set", name)
    curated = found[names.index(name)]
    student = students.choose(work, "train-student")
    values = objective_form(work)
    seed = st.number_input("Seed", 0, value=0, key="train-seed", help="Same seed, same run")
    if student is None:
        return
    objective = OBJECTIVES.parse(values)
    reason = "The rows could not be checked."
    with beside, errors():
        reason = not_ready(work, curated, student, objective)
    if reason:
        st.caption(f":material/block: {reason}")
    if st.button("Start training", type="primary", icon=":material/play_arrow:", disabled=bool(reason)):
        run = create(work.runs_root, train_request(curated, objective, student, int(seed)))
        run.launch()
        put("run", run.id)
        st.rerun()


def not_ready(work: Workspace, curated: CuratedSet, student: Student, objective: Objective) -> str:
    """Draw what the student sees; why training may not start yet, or nothing."""
    values = objective.parameters()
    key = f"objective-{objective.title()}-max_length"
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


def objective_form(work: Workspace) -> dict[str, Any]:
    """The objective and its fields; what is its own first, what all share after."""
    members = list(OBJECTIVES.members)
    name = st.selectbox("Objective", members, members.index("sft") if "sft" in members else 0, key="objective")
    spec = OBJECTIVES.get(name)
    st.caption(spec.help())
    choices = forms.Choices(models=["base", *students.trained(work)])
    own = [item.name for item in fields.fields(spec) if item.name not in Objective.model_fields]
    values = forms.form(spec, {}, choices, f"objective-{name}", [*own, *MAIN])
    with st.expander("More settings", icon=":material/tune:"):
        rest = [item.name for item in fields.fields(spec) if item.name not in (*own, *MAIN)]
        values |= forms.form(spec, {}, choices, f"objective-{name}", rest)
    return {"objective": name, **values}


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
