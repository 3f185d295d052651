"""Repairing what a student would see: a new set without the rows, one with their text mended, or a longer limit."""

import streamlit as st

from curation.curated import CuratedSet
from curation.runs import ACTIVE, find
from curation.sets.derived import MENDED, Repair, repair
from curation.sets.freeze import derive_run
from curation.workspace import Workspace
from pages.ui.runs.run_panel import panel
from pages.ui.state import errors, put
from pages.ui.training import student_view
from training.rows.data import RED, Check, Defect
from training.rows.inspection import affected

RUN = "repair-run"


def show(work: Workspace, curated: CuratedSet, path: str, max_length: int, facts: Check, length_key: str) -> None:
    """Buttons for the chosen defects; the red ones are chosen from the start."""
    found = [name for name, rows in facts.defects.items() if rows]
    red = [name for name in found if name in RED]
    seen = student_view.inspection(curated, path)
    with st.container(border=True):
        chosen = st.pills(
            "Repair rows with", found, selection_mode="multi", default=red or found, format_func=student_view.words,
            key=f"repair-{curated.name}-{'-'.join(found)}", wrap=True,
        )  # fmt: skip
        limit = seen.limit(max_length)
        rows = affected(seen.rows(), limit, list(chosen))
        with st.container(horizontal=True):
            if st.button(f"Drop these {rows:,} rows", type="primary" if red else "secondary",
                         icon=":material/filter_alt_off:", disabled=not rows or rows == facts.rows,
                         help="Makes a new set without them; this set stays as it is"):  # fmt: skip
                _start(work, curated, path, limit, list(chosen), "drop")
            mended = [name for name in chosen if name in MENDED]
            help_text = "Makes a new set without stray think tags and trailing white space"
            label = f"Mend {', '.join(map(student_view.words, mended))}"
            if mended and st.button(label, icon=":material/build:", help=help_text):
                _start(work, curated, path, limit, mended, "mend")
            if {"answer_cut", "no_trained_token"} & {*chosen} and limit < min(facts.longest, seen.most):
                _longer(facts, seen.most, length_key)
        if rows and rows == facts.rows:
            st.caption(
                "Every row is affected, so the chat template is at fault rather than the rows: choose another student."
            )
        _running(work)


def _start(work: Workspace, curated: CuratedSet, path: str, limit: int, defects: list[Defect], how: Repair) -> None:
    with errors():
        recipe, seen = repair(curated, path, limit, defects, how), student_view.inspection(curated, path)
        taken = {other.name for other in work.sets()}
        name = next(f"{recipe.name}{n or ''}" for n in range(len(taken) + 1) if f"{recipe.name}{n or ''}" not in taken)
        run = derive_run(work, curated, recipe, name, {seen.step.key(): seen.fit()})
        run.launch()
        st.session_state[RUN] = run.id
        st.rerun()


def _longer(facts: Check, most: int, key: str) -> None:
    """Raise the longest row allowed, as far as the model reads."""
    needed = min(facts.longest, most)

    def lengthen() -> None:
        st.session_state[key] = needed

    st.button(
        f"Raise max length to {needed:,}", icon=":material/expand:", on_click=lengthen,
        help="Nothing is cut then" if needed == facts.longest else "As far as this model reads; longer rows stay cut",
    )  # fmt: skip


def _running(work: Workspace) -> None:
    """The repair under way; once it is done, its set is the one to train on."""
    if RUN not in st.session_state:
        return
    run = find(work.runs_root, st.session_state[RUN])
    status = run.status()
    if status.state == "done":
        del st.session_state[RUN]
        name = run.request.inputs["origin"]["name"]
        put("set", name)
        st.session_state["use-set"] = name
        st.toast(f"The set {name} is ready", icon=":material/done:")
        st.rerun()
    panel(run, "repair", curve=False)
    if status.state not in ACTIVE and st.button("Dismiss", key="repair-dismiss"):
        del st.session_state[RUN]
        st.rerun()
