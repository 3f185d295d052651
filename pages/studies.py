"""Studies: what happens to a student when a knob is turned; defined here, run in the background, compared here."""

import streamlit as st

from curation.runs import Run
from curation.sets.frozen import freeze
from curation.workspace import Workspace
from pages.ui.evaluating import study_form, study_view
from pages.ui.reading.maths import inline
from pages.ui.runs.run_panel import duration
from pages.ui.state import errors, get, offer_samples, put, runs, screen
from pages.ui.tuning.recipe_file import decoded
from training.studies.grid import expand
from training.studies.knobs import load
from training.studies.launch import check, study_run
from training.studies.pace import seconds
from training.studies.study import Study, find_study, known_studies, save

DRAFT = "study-draft"
NEW = "New study"
RECENT = 100  # runs whose pace is looked at
BLANK = Study(name="study", recipe="verified", benchmark="word_problems", seeds=[0, 1, 2])


def studies(work: Workspace) -> None:
    """The study on the left, what it found on the right."""
    left, right = st.columns([5, 7], gap="large")
    with left:
        library(work)
        definition(work)
    with right:
        results(work)


def draft() -> tuple[int, Study]:
    """The study the form was filled from, and a number that is new with each of them."""
    if DRAFT not in st.session_state:
        edit(BLANK)
    return st.session_state[DRAFT]


def edit(study: Study) -> None:
    """Fill the form from a study."""
    st.session_state[DRAFT] = (study_form.number(), study)


def library(work: Workspace) -> None:
    """Shipped and saved studies."""
    own = work.root / "studies"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Study", [NEW, *known_studies(own)], key="study-choice")
        if st.button("Open study", icon=":material/folder_open:", help="Replaces the form below"):
            with errors():
                edit(BLANK if name == NEW else find_study(name, own))
                st.rerun()


def definition(work: Workspace) -> None:
    """The form, how much work it is, and launching."""
    uid, start = draft()
    study, reason = start, "The study cannot be launched as it stands."
    if start.paper:
        st.caption(inline(f"{start.description} {start.paper}"))
    with errors():
        study = study_form.draw(work, start, f"study-{uid}")
        cells = expand(study.inlined(work.recipes_root))
        check(work.root, cells)
        st.caption(load(cells).sentence())
        if (wanted := seconds(cells, runs(work, "train", "evaluate")[:RECENT])) is not None:
            st.caption(f"All of it takes about {duration(wanted)} at the pace of earlier runs here.")
        reason = ""
    with st.container(horizontal=True):
        if st.button("Start study", type="primary", icon=":material/play_arrow:", disabled=bool(reason)):
            launch(work, study)
        if st.button("Save study", icon=":material/save:", disabled=bool(reason)):
            st.toast(f"Saved {save(study, work.root / 'studies').stem}", icon=":material/save:")
        st.download_button("Download YAML", study.yaml(), f"{study.name}.yaml", "application/yaml",
                           icon=":material/download:", on_click="ignore")  # fmt: skip
    written(study, uid)


def launch(work: Workspace, study: Study) -> None:
    """Freeze the rows and start; the same study once more goes on where it stopped."""
    with errors():
        run = study_run(work.root, study, lambda chosen, steps: freeze(work, chosen, steps))
        if run.status().state != "done":
            run.launch()
        put("run", run.id)
        st.rerun()


def written(study: Study, uid: int) -> None:
    """The study as YAML, to be edited there or loaded from a file."""
    with st.expander("YAML", icon=":material/code:"):
        text = st.text_area("Study", study.yaml(), key=f"study-yaml-{uid}-{hash(study.yaml())}", height=300,
                            label_visibility="collapsed")  # fmt: skip
        if st.button("Use this YAML", icon=":material/edit:", disabled=text == study.yaml()):
            with errors():
                edit(Study.read(text, "The YAML above"))
                st.rerun()
        upload = st.file_uploader("Load a study file", ["yaml", "yml"], key=f"study-upload-{uid}")
        if upload is not None:
            with errors():
                edit(Study.read(decoded(upload.getvalue(), upload.name), upload.name))
                st.rerun()


def results(work: Workspace) -> None:
    """The chosen study's run."""
    found = runs(work, "study")
    if not found:
        st.caption("No study was started yet. Open a shipped one, or turn a knob of your own.")
        return
    chosen = choose(found)
    with st.container(border=True), errors():
        study_view.show(chosen)


def choose(found: list[Run]) -> Run:
    """One of the studies' runs, the newest first."""
    ids, asked = [run.id for run in found], get("run")
    picked = st.selectbox(
        "Run", ids, ids.index(asked) if asked in ids else 0, key=f"study-run-{asked}",
        format_func=lambda run_id: f"{found[ids.index(run_id)].request.title}, {run_id}",
    )  # fmt: skip
    put("run", picked)
    return found[ids.index(picked)]


with screen("Studies", "Turn a knob of recipe, objective or strategy, and see what it does to students.") as work:
    if not offer_samples(work):
        studies(work)
