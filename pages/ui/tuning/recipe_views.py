"""Closer looks at a recipe's outcome: what changed, why a row is gone, what comes back, a target, another recipe."""

from collections.abc import Callable

import streamlit as st

from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.tuning import inquiry
from curation.workspace import Workspace
from pages.ui.state import errors
from pages.ui.tuning import fate_view, preview, recipe_compare, recipe_file, shift_view, target_view
from pages.ui.tuning.draft import Draft

DROPPED_BY_HAND = {"score": "decision", "values": ["keep"], "unknown": "keep"}


def show(scene: preview.Scene) -> None:
    """One view at a time, so that a moved slider pays for what is seen."""
    name = st.segmented_control(
        "Look closer", list(VIEWS), default=next(iter(VIEWS)), required=True, key="recipe-view",
        label_visibility="collapsed", wrap=True,
    )  # fmt: skip
    with errors():
        VIEWS[name or next(iter(VIEWS))](scene)


def mix(scene: preview.Scene) -> None:
    """Before and after, with effect sizes."""
    found = inquiry.mix(scene.held, scene.result, preview.stored(scene.work))
    shift_view.show(found, len(scene.result.steps))


def people_decided(work: Workspace, draft: Draft, recipe: Recipe, chosen: Filter) -> None:
    """A word when traces dropped by hand would go into the set, and a button against it."""
    if "decision" not in work.store.columns() or not inquiry.undecided_by_people(recipe.steps):
        return
    decided = {row["value"]: row["rows"] for row in work.store.categories("decision", chosen).to_pylist()}
    if decided.get("drop"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"{decided['drop']:,} traces were dropped by hand; this recipe does not leave them out.")
            st.button(
                "Leave them out", icon=":material/person_off:", on_click=draft.add,
                args=("keep_where", DROPPED_BY_HAND, True), help="Adds a first step that drops what people dropped",
            )  # fmt: skip


VIEWS: dict[str, Callable[[preview.Scene], None]] = {
    "Before and after": mix,
    "Changes": lambda scene: preview.changes(scene.result, "changes"),
    "Why gone?": lambda scene: fate_view.why(scene.work, scene.result),
    "Come back?": fate_view.back,
    "Target": target_view.show,
    "Compare": recipe_compare.show,
    "File": lambda scene: recipe_file.show(scene.work, scene.draft, scene.recipe),
}
