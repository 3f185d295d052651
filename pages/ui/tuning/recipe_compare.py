"""This recipe beside another one: what differs in words, and what each leaves."""

import streamlit as st

from curation.application.result import Result
from curation.recipe import Recipe
from curation.tuning.recipe_diff import Change, differences
from pages.ui.reading.maths import inline
from pages.ui.state import errors
from pages.ui.tuning import preview

SIGNS = {"added": "add", "removed": "remove", "moved": "swap_vert", "changed": "edit", "text": "notes"}


def show(scene: preview.Scene) -> None:
    """Choose the other recipe; list what turns it into this one, and the rows both leave."""
    known = scene.work.recipes()
    name = st.selectbox("Compare with", list(known), None, key="compare-with", placeholder="Choose a recipe")
    if name is None:
        st.caption("Choose a recipe to see what turns it into the one on the left, and what each leaves.")
        return
    with errors():
        other = Recipe.load(known[name])
        held = preview.opened(scene.work, scene.chosen, other.steps)
        counts(preview.applied(held, other.steps), scene.result, name)
        changes(differences(other, scene.recipe))


def counts(other: Result, result: Result, name: str) -> None:
    """Rows, problems and tokens of this recipe, and by how much they differ from the other's."""
    if not other.reports or not result.reports:
        return
    before, after = other.reports[-1], result.reports[-1]
    columns = st.columns(3)
    figures = [
        ("Rows", before.rows, after.rows),
        ("Problems", before.problems, after.problems),
        ("Tokens", before.tokens, after.tokens),
    ]
    for column, (title, old, new) in zip(columns, figures, strict=True):
        about = "about " if after.estimated else ""
        delta = None if old is None or new is None else f"{new - old:+,} against {name}"
        shown = "not counted" if new is None else f"{about}{new:,}"
        column.metric(title, shown, delta, delta_color="off", delta_arrow="off")


def changes(found: list[Change]) -> None:
    """One line a difference."""
    if not found:
        st.caption("The two recipes are equal.")
    for change in found:
        st.markdown(f":material/{SIGNS[change.kind]}: {inline(change.words[:1].upper() + change.words[1:])}")
