"""Recipes: steps on the left, what they leave on the right, redrawn with every change."""

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from curation.application.cluster import configured
from curation.application.result import Result
from curation.errors import UserError
from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.tuning.trying import next_step
from curation.workspace import Workspace
from pages.ui.exploring import filter_bar
from pages.ui.reading.maths import inline
from pages.ui.runs.run_panel import panel
from pages.ui.state import current_filter, errors, get, offer_samples, put, runs, screen
from pages.ui.tuning import flip_view, funnel, preview, recipe_file, recipe_views, steps, try_view
from pages.ui.tuning.draft import Draft

NEW = "New recipe"


def recipes(work: Workspace) -> None:
    """The traces it starts from, the editor, and freezing."""
    st.caption("Traces the recipe starts from")
    filter_bar.show(work, current_filter(), "recipes")
    editor(work)
    applied = runs(work, "apply")
    if applied:
        panel(applied[0], "freeze")
        if applied[0].status().state == "done":
            st.page_link("pages/sets.py", label="Open the curated sets", icon=":material/inventory_2:")


@st.fragment
def editor(work: Workspace) -> None:
    """Steps and outcome; what happens here redraws nothing else."""
    draft, chosen = the_draft(work), current_filter()
    left, right = st.columns([5, 7], gap="large")
    with left:
        slot = library(work, draft)
        with st.container(gap="xxsmall"):
            opened = steps.show(work, draft, chosen)
        draft.remember()
        slot.button(
            "", icon=":material/undo:", on_click=draft.undo, disabled=len(draft.past) < 2, key="undo",
            help="Undo the last change of a step",
        )  # fmt: skip
    with right, errors():
        recipe = draft.recipe()
        put("draft", recipe.dump())
        if not recipe.steps:
            st.caption("Add a step to see what it does to the traces.")
            return
        held = preview.opened(work, chosen, recipe.steps)
        result = preview.applied(held, recipe.steps)
        if opened:
            below(work, recipe, result, opened)
        outcome(preview.Scene(work, draft, recipe, held, result, chosen))


def the_draft(work: Workspace) -> Draft:
    """The draft of this session, else of the address, else the first recipe there is."""
    if "draft" not in st.session_state:
        written, known = get("draft"), work.recipes()
        try:
            start = Recipe.read(written) if written else Recipe.load(next(iter(known.values()))) if known else None
        except UserError as error:
            st.warning(f"The recipe in the address was left out. {inline(str(error))}", icon=":material/link_off:")
            start = None
        st.session_state["draft"] = Draft.of(start) if start else Draft()
    return st.session_state["draft"]


def library(work: Workspace, draft: Draft) -> DeltaGenerator:
    """Open another recipe; returns the room for a button beside it."""
    known = work.recipes()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        names = [NEW, *known]
        start = names.index(draft.name) if draft.name in known else 0
        name = st.selectbox("Recipe", names, start, key=f"recipe-{id(draft)}")
        st.button(
            "Open recipe", icon=":material/folder_open:", help="Replaces the steps below", on_click=open_recipe,
            args=(known.get(name),),
        )  # fmt: skip
        slot = st.container(width="content")
    recipe_file.refusal()
    words = f"{draft.description} Paper: {draft.paper}" if draft.paper else draft.description
    if words:
        st.caption(inline(words))
    return slot


def open_recipe(path: Path | None) -> None:
    """Edit the recipe of a file from now on, or a new one."""
    with recipe_file.refusing():
        st.session_state["draft"] = Draft.of(Recipe.load(path)) if path else Draft()


def below(work: Workspace, recipe: Recipe, result: Result, opened: steps.Opened) -> None:
    """Below the open form: the rows nearest to its threshold, what pruning does to answers, or a trial."""
    waiting = next_step(result, recipe.steps)
    if waiting and opened.number == len(result.steps) + 1:
        with opened.below, errors():
            try_view.show(work, result, waiting, f"try-{opened.step.uid}")
    if opened.number and opened.number <= len(result.steps):
        key = f"step-{opened.step.uid}"
        with opened.below:
            if opened.step.spec.kind == "selector":
                preview.nearest(work, result, opened.number, key)
            flip_view.show(result, opened.number, key)


def outcome(scene: preview.Scene) -> None:
    """The funnel, one closer look at it, and freezing."""
    work, draft, recipe, _, result, chosen = scene
    start = preview.start(work, chosen)
    funnel.show(result.reports, start.rows, "preview", start)
    if result.stopped:
        st.info(inline(result.stopped), icon=":material/info:")
        waiting = draft.applied(len(result.steps) + 1)
        if waiting and next_step(result, recipe.steps) and st.session_state.get(steps.OPEN) != waiting.uid:
            st.button("Open this step to try it", icon=":material/science:", on_click=steps.show_form, args=(waiting,))
    recipe_views.people_decided(work, draft, recipe, chosen)
    recipe_views.show(scene)
    freeze(work, recipe, chosen)


def freeze(work: Workspace, recipe: Recipe, chosen: Filter) -> None:
    """Apply the recipe to every trace of the filter and keep the result."""
    with st.container(horizontal=True, vertical_alignment="bottom", border=True):
        name = st.text_input("Name of the curated set", recipe.name, key=f"set-name-{recipe.name}")
        cluster = configured()
        if cluster and not st.toggle(f"On the Ray cluster at {cluster}", key="on-cluster"):
            cluster = None
        if st.button("Freeze curated set", type="primary", icon=":material/ac_unit:"):
            with errors():
                put("run", work.start_apply(recipe, chosen, name, cluster).id)
                st.rerun()


with screen(
    "Recipes", "Choose what a student should learn from: measure, prune, filter, and freeze the result."
) as work:
    if not offer_samples(work):
        recipes(work)
