"""The steps of a recipe: one line each, the form of one of them in place, and room for the rows near its threshold."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from curation.operator import OPERATORS
from curation.query.filters import Filter
from curation.workspace import Workspace
from pages.ui import forms
from pages.ui.exploring import measure
from pages.ui.reading.maths import inline
from pages.ui.state import errors
from pages.ui.tuning.draft import Draft, Step

OPEN = "open-step"
KINDS = {"annotator": "measures", "mapper": "changes", "selector": "chooses"}
ICONS = {"annotator": "straighten", "mapper": "content_cut", "selector": "filter_alt"}


# a step's line reads from the left; the toggles stay in one column
STYLE = """<style>
[class*="st-key-line-"] button {justify-content: flex-start; text-align: left; min-height: 1.6rem;}
[class*="st-key-line-"] button > div {justify-content: flex-start; width: 100%;}
[class*="st-key-line-"] button p {text-align: left;}
</style>"""


class Opened(NamedTuple):
    """The step whose form is open, its number among those applied, and the room below its form."""

    step: Step
    number: int | None
    below: DeltaGenerator


def show(work: Workspace, draft: Draft, chosen: Filter) -> Opened | None:
    """Draw the steps and the box that adds one."""
    opened = None
    st.html(STYLE)
    for index, (step, number) in enumerate(draft.numbers()):
        if st.session_state.get(OPEN) == step.uid:
            with st.container(border=True, gap="small"):
                heading = st.container()  # drawn last, since it tells the values the form has now
                tools(draft, index, step)
                step.values = form(work, draft, index, step, chosen)
                with heading:
                    line(draft, step, number)
                with errors():
                    step.parse(number or index + 1)
                opened = Opened(step, number, st.container(gap="small"))
        else:
            line(draft, step, number)
    add(draft)
    return opened


def line(draft: Draft, step: Step, number: int | None) -> None:
    """Number, name and values of a step, and whether it is applied; a click opens its form."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        name = f"{number}. {step.op}" if number else f":gray[{step.op}, off]"
        summary = f" :gray[{inline(step.summary())}]" if step.summary() else ""
        st.button(
            f"{name}{summary}", key=f"line-{step.uid}", icon=f":material/{ICONS[step.spec.kind]}:", type="tertiary",
            width="stretch", on_click=toggle_open, args=(step,), help=f"{step.spec.help()} Click for its form.",
        )  # fmt: skip
        st.toggle(
            "Applied", step.on, key=f"on-{step.uid}", label_visibility="collapsed", width="content",
            on_change=switch, args=(step,),
        )  # fmt: skip


def switch(step: Step) -> None:
    """Apply a step, or leave it out."""
    step.on = not step.on


def toggle_open(step: Step) -> None:
    """Open this step's form, or close it."""
    st.session_state[OPEN] = None if st.session_state.get(OPEN) == step.uid else step.uid


def tools(draft: Draft, index: int, step: Step) -> None:
    """What a step does, and buttons to move, copy or remove it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall", wrap=False):
        st.caption(step.spec.help())
        _button("Move up", "arrow_upward", step, lambda: draft.move(index, -1), index == 0)
        _button("Move down", "arrow_downward", step, lambda: draft.move(index, 1), index == len(draft.steps) - 1)
        _button("Duplicate", "content_copy", step, lambda: show_form(draft.duplicate(index)))
        _button("Remove", "delete", step, lambda: draft.steps.remove(step))


def _button(name: str, icon: str, step: Step, action: Callable[[], object], disabled: bool = False) -> None:
    st.button(
        "", key=f"{icon}-{step.uid}", icon=f":material/{icon}:", help=name, type="tertiary", disabled=disabled,
        on_click=action,
    )  # fmt: skip


def show_form(step: Step) -> None:
    """Open a step's form."""
    st.session_state[OPEN] = step.uid


def form(work: Workspace, draft: Draft, index: int, step: Step, chosen: Filter) -> dict[str, object]:
    """The step's form over the scores it may read."""
    known = replace(measure.choices(work, chosen), scores=draft.scores_before(index, {}))
    return forms.form(step.spec, step.values, known, f"step-{step.uid}")


def add(draft: Draft) -> None:
    """Choose an operator and append it."""
    names = sorted(OPERATORS.members, key=lambda name: (OPERATORS.members[name].kind, name))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        op = st.selectbox(
            "Add a step", names, key="add-op",
            format_func=lambda name: f"{name} ({KINDS[OPERATORS.members[name].kind]})",
            help=OPERATORS.members[st.session_state.get("add-op", names[0])].help(),
        )  # fmt: skip
        st.button("Add step", icon=":material/add:", on_click=lambda: show_form(draft.add(op)))
