"""How traces are written: the step's form, with the prompts of its mode and what a model will read."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from curation.operators.generate import Generate
from curation.prompting.prompts import version
from curation.prompting.solving import PROMPTS
from curation.spec import build
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
    with st.expander("Prompt", icon=":material/edit_note:", key=f"{key}-prompts"):
        for item in _items(PROMPTS[values["mode"]]):
            start = usual(values, item)
            if start or st.toggle(item.label, key=f"{key}-{item.name}-on", help=item.help):
                prompt = f"{key}-{item.name}-{version(start)}"
                values[item.name] = prompt_editor.draw(item, start, Generate, around, prompt)
    with st.expander("More settings", icon=":material/tune:", key=f"{key}-more"):
        rest = [item.name for item in fields(Generate) if item.widget != "prompt" and item.name not in MAIN]
        first = [name for name in rest if name not in (*LEFT_OUT, *WITH_SHOTS) and fits(name, values)]
        values |= _some(choices, key, first)
        if values["shots"]:
            values |= _some(choices, key, WITH_SHOTS)
    prompt_editor.rendered(Generate, {"model": "any", **values}, around, key)
    return values


def fits(name: str, values: Mapping[str, Any]) -> bool:
    """Whether the mode knows a field."""
    return values["mode"] in ONLY.get(name, (values["mode"],))


def usual(values: Mapping[str, Any], item: Field) -> str:
    """The prompt that a form of solution, and an answer that is shown, begin with."""
    known = {name: values[name] for name in ("mode", "form", "gold") if name in values}
    return str(build(Generate, {"model": "any", **known}).parameters()[item.name])


def _some(choices: forms.Choices, key: str, only: Sequence[str]) -> dict[str, Any]:
    return forms.form(Generate, {}, choices, key, only)


def _items(names: Sequence[str]) -> list[Field]:
    by_name = {item.name: item for item in fields(Generate)}
    return [by_name[name] for name in names]
