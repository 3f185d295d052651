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


def draw(work: Workspace, chosen: Chosen | None, key: str) -> dict[str, Any]:
    """The values of a generate step but its model."""
    choices = forms.Choices(benchmarks=measure.benchmarks(work))
    values = _some({}, choices, key, ["mode"])
    values |= _some(values, choices, key, [name for name in MAIN if name != "mode"])
    around = prompt_editor.Around(work.root, lambda: Trace(chosen.first[0], "") if chosen and chosen.first else None)
    with st.expander("More settings", icon=":material/tune:", key=f"{key}-more"):
        rest = [item.name for item in fields(Generate) if item.widget != "prompt" and item.name not in MAIN]
        values |= _some(values, choices, key, [name for name in rest if name not in (*LEFT_OUT, *WITH_SHOTS)])
        if values["shots"]:
            values |= _some(values, choices, key, WITH_SHOTS)
    with st.expander("Prompt", icon=":material/edit_note:", key=f"{key}-prompts"):
        known = {"model": "any", **values}
        return values | prompt_editor.show(Generate, _items(PROMPTS[values["mode"]]), known, around, key)


def _some(values: Mapping[str, Any], choices: forms.Choices, key: str, only: Sequence[str]) -> dict[str, Any]:
    return forms.form(Generate, values, choices, key, only)


def _items(names: Sequence[str]) -> list[Field]:
    by_name = {item.name: item for item in fields(Generate)}
    return [by_name[name] for name in names]
