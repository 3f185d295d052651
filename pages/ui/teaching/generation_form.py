"""How traces are written: the step's form, with the prompts of its mode and what a model will read."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from curation.operators.generate import Generate
from curation.prompting.solving import PROMPTS
from curation.trace import Trace
from curation.workspace import Workspace
from pages.ui import forms, prompt_editor
from pages.ui.exploring import measure
from pages.ui.fields import Field, fields
from pages.ui.teaching.problems import Chosen

MAIN = ("n", "temperature", "max_new_tokens", "mode", "form", "gold")
LEFT_OUT = ("model", "keep")  # chosen apart; bare problems have no old traces
WITH_SHOTS = ("shots_from", "encoder")
# fields that only some modes know
ONLY = {"form": ("free",), "prefix": ("free",), "steps": ("outline",), "budgets": ("outline",),
        "max_steps": ("outline", "stepwise")}  # fmt: skip


def draw(work: Workspace, chosen: Chosen | None, key: str) -> dict[str, Any]:
    """The values of a generate step but its model."""
    choices = forms.Choices(benchmarks=measure.benchmarks(work))
    values = _some(choices, key, ["mode"])
    names = [name for name in MAIN if name != "mode" and fits(name, values)]
    values |= _some(choices, key, names)
    around = prompt_editor.Around(work.root, lambda: Trace(chosen.first[0], "") if chosen and chosen.first else None)
    with st.expander("More settings", icon=":material/tune:", key=f"{key}-more"):
        rest = [item.name for item in fields(Generate) if item.widget != "prompt" and item.name not in MAIN]
        first = [name for name in rest if name not in (*LEFT_OUT, *WITH_SHOTS) and fits(name, values)]
        values |= _some(choices, key, first)
        if values["shots"]:
            values |= _some(choices, key, WITH_SHOTS)
    with st.expander("Prompt", icon=":material/edit_note:", key=f"{key}-prompts"):
        known = {"model": "any", **values}
        return values | prompt_editor.show(Generate, _items(PROMPTS[values["mode"]]), known, around, key)


def fits(name: str, values: Mapping[str, Any]) -> bool:
    """Whether the mode knows a field."""
    return values["mode"] in ONLY.get(name, (values["mode"],))


def _some(choices: forms.Choices, key: str, only: Sequence[str]) -> dict[str, Any]:
    return forms.form(Generate, {}, choices, key, only)


def _items(names: Sequence[str]) -> list[Field]:
    by_name = {item.name: item for item in fields(Generate)}
    return [by_name[name] for name in names]
