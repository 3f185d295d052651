"""Recipes: build steps from forms, watch the funnel, save as YAML, freeze as a curated set."""

from collections.abc import Callable

import streamlit as st

from curation.errors import UserError
from curation.filters import Filter
from curation.operator import OPERATORS
from curation.recipe import Recipe
from curation.workspace import Workspace
from pages.ui import filter_bar, forms, measure, preview
from pages.ui.draft import Draft, Step
from pages.ui.maths import inline
from pages.ui.run_panel import panel
from pages.ui.state import current_filter, errors, get, offer_samples, put, runs, screen

NEW = "New recipe"
KINDS = {"annotator": "measures", "mapper": "changes", "selector": "chooses"}


def recipes(work: Workspace) -> None:
    """The editor on the left, what it would do on the right."""
    draft = the_draft(work)
    chosen = current_filter()
    left, right = st.columns([5, 7], gap="large")
    with left:
        library(work, draft)
        for index, step in enumerate(list(draft.steps)):
            step_form(work, draft, index, step, chosen)
        add_step(draft)
    with right:
        st.caption("Traces the recipe starts from")
        filter_bar.show(work, chosen, "recipes")
        with errors():
            recipe = draft.recipe()
            put("draft", recipe.dump())
            outcome(work, recipe, chosen)


def the_draft(work: Workspace) -> Draft:
    """The draft of this session, else of the address, else the first recipe there is."""
    if "draft" not in st.session_state:
        written, known = get("draft"), work.recipes()
        try:
            start = Recipe.read(written) if written else Recipe.load(next(iter(known.values()))) if known else None
        except UserError:
            start = None
        st.session_state["draft"] = Draft.of(start) if start else Draft()
    return st.session_state["draft"]


def library(work: Workspace, draft: Draft) -> None:
    """Open another recipe; name this one."""
    known = work.recipes()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = [NEW, *known]
        start = names.index(draft.name) if draft.name in known else 0
        name = st.selectbox("Recipe", names, start, key=f"recipe-{id(draft)}")
        if st.button("Open recipe", icon=":material/folder_open:", help="Replaces the steps below"):
            with errors():
                st.session_state["draft"] = Draft() if name == NEW else Draft.of(Recipe.load(known[name]))
                st.rerun()
    key = id(draft)
    left, right = st.columns([1, 2])
    draft.name = left.text_input("Name", draft.name, key=f"name-{key}")
    draft.description = right.text_input("Description", draft.description, key=f"description-{key}")
    if draft.paper:
        st.caption(f"Paper: {inline(draft.paper)}")


def step_form(work: Workspace, draft: Draft, index: int, step: Step, chosen: Filter) -> None:
    """One step: its form, and buttons to move or remove it."""
    title = f"{index + 1}. {step.op} :gray[{KINDS[step.spec.kind]}]"
    with st.expander(title, expanded=step.spec.kind != "annotator", key=f"step-{step.uid}"):
        words, buttons = st.columns([3, 1], vertical_alignment="center")
        words.caption(step.spec.help())
        with buttons.container(horizontal=True, horizontal_alignment="right", gap="xxsmall", wrap=False):
            _button("Move up", "arrow_upward", step, lambda: draft.move(index, -1), index == 0)
            _button("Move down", "arrow_downward", step, lambda: draft.move(index, 1), index == len(draft.steps) - 1)
            _button("Remove", "delete", step, lambda: draft.steps.remove(step))
        stored = measure.choices(work, chosen)
        offered = forms.Choices(
            scores=draft.scores_before(index, stored.scores), histogram=stored.histogram, categories=stored.categories
        )
        step.values = forms.form(step.spec, step.values, offered, f"step-{step.uid}")
        with errors():
            step.parse(index + 1)


def _button(name: str, icon: str, step: Step, action: Callable[[], object], disabled: bool = False) -> None:
    st.button(
        "", key=f"{icon}-{step.uid}", icon=f":material/{icon}:", help=name, type="tertiary", disabled=disabled,
        on_click=action,
    )  # fmt: skip


def add_step(draft: Draft) -> None:
    """Choose an operator and append it."""
    names = sorted(OPERATORS.members, key=lambda name: (OPERATORS.members[name].kind, name))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        op = st.selectbox(
            "Add a step", names, key="add-op",
            format_func=lambda name: f"{name} ({KINDS[OPERATORS.members[name].kind]})",
            help=OPERATORS.members[st.session_state.get("add-op", names[0])].help(),
        )  # fmt: skip
        st.button("Add step", icon=":material/add:", on_click=lambda: draft.steps.append(Step(op)))


def outcome(work: Workspace, recipe: Recipe, chosen: Filter) -> None:
    """Preview, saving, and freezing as a curated set."""
    if not recipe.steps:
        st.caption("Add a step to see what it does to the traces.")
        return
    preview.show(preview.compute(work, recipe.dump(), chosen.to_query(), work.store.version))
    with st.container(border=True):
        save(work, recipe)
        freeze(work, recipe, chosen)


def save(work: Workspace, recipe: Recipe) -> None:
    """Keep the recipe as YAML, here or as a download."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.button("Save recipe", icon=":material/save:", help="Keeps it as YAML in the workspace"):
            with errors():
                work.save_recipe(recipe)
                st.toast(f"Saved {recipe.name}", icon=":material/save:")
        st.download_button(
            "Download YAML", recipe.dump(), f"{recipe.name}.yaml", "application/yaml", icon=":material/download:",
            on_click="ignore",
        )  # fmt: skip
        with st.popover("Show YAML", icon=":material/code:"):
            st.code(recipe.dump(), language="yaml")


def freeze(work: Workspace, recipe: Recipe, chosen: Filter) -> None:
    """Apply the recipe to every trace of the filter and keep the result."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name of the curated set", recipe.name, key=f"set-name-{recipe.name}")
        if st.button("Freeze curated set", type="primary", icon=":material/ac_unit:"):
            with errors():
                put("run", work.start_apply(recipe, chosen, name).id)
                st.rerun()
    applied = runs(work, "apply")
    if applied:
        panel(applied[0], "freeze")
        if applied[0].status().state == "done":
            st.page_link("pages/sets.py", label="Open the curated sets", icon=":material/inventory_2:")


with screen(
    "Recipes", "Choose what a student should learn from: measure, prune, filter, and freeze the result."
) as work:
    if not offer_samples(work):
        recipes(work)
