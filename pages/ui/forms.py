"""A spec's form, made from its fields: nothing is written per operator, objective or strategy.

`fields(spec)` reads the JSON schema of the class; `form` draws one widget a field and returns plain values, which
`Family.parse` turns into a spec or into one sentence that says what is wrong.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import streamlit as st
import yaml

from curation.comparing.grouping import PROBLEM
from curation.spec import Spec
from pages.ui import prompt_editor
from pages.ui.exploring import charts
from pages.ui.fields import Field, fields

MANY, LONG = 5, 18  # options that fit beside each other, and letters of one of them
STEPS = 400  # positions of a slider
# Limits of a score: shown only where they fit the type of the score they are compared with
FITS = {"minimum": "number", "maximum": "number", "values": "category", "equals": "flag"}


@dataclass(frozen=True)
class Choices:
    """What a form can offer: scores with their types, names of models and files, histograms and categories."""

    scores: Mapping[str, str] = field(default_factory=dict)
    models: Sequence[str] = ()
    tokenizers: Sequence[str] = ()
    encoders: Sequence[str] = ()
    benchmarks: Sequence[str] = ()
    histogram: Callable[[str], pa.Table | None] = lambda score: None
    categories: Callable[[str], Sequence[str]] = lambda score: ()
    prompts: prompt_editor.Around = field(default_factory=prompt_editor.Around)


def form(
    spec: type[Spec], values: Mapping[str, Any], choices: Choices, key: str, only: Collection[str] | None = None
) -> dict[str, Any]:
    """Draw every field of a spec that applies; returns the chosen values, fields left empty as None.

    A field that means nothing beside the others keeps its default; prompts are drawn once there is a model to put
    them to.
    """
    every = [item for item in fields(spec) if only is None or item.name in only]
    written = [item for item in every if item.widget == "prompt"]
    before = {item.name: item.default for item in fields(spec)} | dict(values)
    chosen = _form(spec, [item for item in every if item not in written], before, choices, key)
    shown = list(_counting(spec, written, before, chosen))
    given = {**values, **chosen}
    if shown and _asks(every, given):
        return chosen | prompt_editor.show(spec, shown, given, choices.prompts, key)
    return chosen | {item.name: before[item.name] for item in shown}


def _counting(
    spec: type[Spec], every: Sequence[Field], values: Mapping[str, Any], chosen: dict[str, Any]
) -> Iterator[Field]:
    """The fields that mean something beside what was chosen before them; the others get their defaults."""
    for item in every:
        if spec.counts(item.name, {**values, **chosen}):
            yield item
        else:
            chosen[item.name] = item.default


def _asks(every: Sequence[Field], given: Mapping[str, Any]) -> bool:
    """Whether a step with these values puts its prompts to a model."""
    models = [item for item in every if item.widget == "model"]
    return not models or any(item.required or given.get(item.name) for item in models)


def _form(
    spec: type[Spec], every: Sequence[Field], values: Mapping[str, Any], choices: Choices, key: str
) -> dict[str, Any]:
    """Every field but prompts, in a grid or one under the other."""
    if any(item.widget == "score" for item in every):
        return _score_form(spec, every, values, choices, key)
    grid = st.grid(2 if len(every) > 1 else 1, min_column_width=190)
    chosen: dict[str, Any] = {}
    for item in _counting(spec, every, values, chosen):
        with grid.cell():
            chosen[item.name] = _draw(item, values.get(item.name, item.default), choices, f"{key}-{item.name}")
    return chosen


def _score_form(
    spec: type[Spec], every: Sequence[Field], values: Mapping[str, Any], choices: Choices, key: str
) -> dict[str, Any]:
    """A form about a score: limits appear where they fit the score's type, over its histogram."""
    chosen: dict[str, Any] = {}
    score: str | None = None
    ranged = {"minimum", "maximum"} <= {item.name for item in every}
    for item in _counting(spec, every, values, chosen):
        value, widget = values.get(item.name, item.default), f"{key}-{item.name}"
        if item.widget == "score":
            chosen[item.name] = score = _score(item, value, choices, widget)
            table = choices.histogram(score) if score and not ranged else None
            if table is not None and len(table):
                st.plotly_chart(charts.backdrop(table, []), key=f"{widget}-chart", config={"displayModeBar": False})
        elif item.name in FITS and ranged:
            if score and choices.scores.get(score, "number") == FITS[item.name]:
                chosen.update(_limit(item, score, values, choices, key))
        else:
            chosen[item.name] = _draw(item, value, choices, widget)
    return chosen


def _limit(item: Field, score: str, values: Mapping[str, Any], choices: Choices, key: str) -> dict[str, Any]:
    if item.name == "maximum":  # drawn with the minimum
        return {}
    if item.name == "minimum":
        limits = (values.get("minimum"), values.get("maximum"))
        low, high = score_range(score, limits, choices, f"{key}-{score}")
        return {"minimum": low, "maximum": high}
    value = values.get(item.name, item.default)
    return {item.name: _draw(item, value, choices, f"{key}-{item.name}-{score}", choices.categories(score))}


def score_range(score: str, limits: charts.Range, choices: Choices, key: str) -> charts.Range:
    """A two-ended slider under the score's histogram; an end left at the edge is no limit."""
    table = choices.histogram(score)
    if table is None or not len(table):
        left, right = st.columns(2)
        low = left.number_input("Minimum", value=limits[0], key=f"{key}-low", placeholder="no limit")
        high = right.number_input("Maximum", value=limits[1], key=f"{key}-high", placeholder="no limit")
        return low, high
    low, high, step = edges(table["low"][0].as_py(), table["high"][-1].as_py(), limits)
    start = (low if limits[0] is None else limits[0], high if limits[1] is None else limits[1])
    place = st.empty()
    digits = max(0, -math.floor(math.log10(step)))
    picked = st.slider(
        charts.label(score), low, high, start, step=step, key=key, help="Drag an end to the edge to lift that limit",
        format=f"%.{digits}f",
    )  # fmt: skip
    drawn = [value for value, edge in zip(picked, (low, high), strict=True) if value != edge]
    place.plotly_chart(charts.backdrop(table, drawn), key=f"{key}-chart", config={"displayModeBar": False})
    return (None if picked[0] == low else picked[0]), (None if picked[1] == high else picked[1])


def edges(low: float, high: float, limits: charts.Range) -> tuple[float, float, float]:
    """Round ends and step of a slider over a score that also reach the limits already set."""
    low, high = min([low, *[v for v in limits if v is not None]]), max([high, *[v for v in limits if v is not None]])
    high = high if high > low else low + 1
    step = 10.0 ** math.floor(math.log10((high - low) / STEPS) + 1) / 2
    step = max(step, 1.0) if high - low > STEPS / 2 else step
    digits = max(0, 2 - math.floor(math.log10(step)))
    # an end beyond the data, so that a limit at the smallest value differs from none
    first, last = math.floor(low / step) * step, math.ceil(high / step) * step
    first, last = first - step * (limits[0] == first), last + step * (limits[1] == last)
    return round(first, digits), round(max(last, first + step), digits), round(step, digits + 1)


def _score(item: Field, value: str | None, choices: Choices, key: str) -> str | None:
    """A score or column; for a group also the problem."""
    named = sorted({*choices.scores, *([value] if value else [])} - {PROBLEM})
    options = [PROBLEM, *named] if item.widget == "group" else named
    index = options.index(value) if value in options else None
    empty = "All rows" if item.widget == "group" and item.optional else "Choose a score"
    return st.selectbox(item.label, options, index, key=key, help=item.help, placeholder=empty)


def _draw(item: Field, value: Any, choices: Choices, key: str, offered: Sequence[str] = ()) -> Any:  # noqa: ANN401
    """One widget for one field."""
    if item.shape == "flag":
        return _flag(item, value, key)
    if item.shape == "choice":
        return _choice(item, value, key)
    if item.shape == "choices":
        picked = st.pills(
            item.label, item.options, selection_mode="multi", default=value or [], key=key, help=item.help, wrap=True
        )
        return picked or ([] if not item.optional else None)
    if item.shape == "number":
        return _number(item, value, key)
    if item.widget == "benchmark":
        return _benchmarks(item, value, choices, key)
    if item.shape == "texts":
        options = sorted({*offered, *(value or [])})
        picked = st.multiselect(
            item.label, options, value or [], key=key, help=item.help, accept_new_options=not offered
        )
        return picked or (None if item.optional else [])
    return _yaml(item, value, key) if item.shape == "yaml" else _text(item, value, choices, key)


def _flag(item: Field, value: bool | None, key: str) -> bool | None:
    if not item.optional:
        return st.toggle(item.label, bool(value), key=key, help=item.help)
    names = {None: "Any" if item.name in FITS else "Automatic", True: "Yes", False: "No"}
    if item.name in FITS:
        del names[None]
        value = True if value is None else value
    start = names[value]
    picked = st.segmented_control(
        item.label, list(names.values()), default=start, required=True, key=key, help=item.help
    )
    return next((flag for flag, name in names.items() if name == picked), None)


def _choice(item: Field, value: str | None, key: str) -> str | None:
    if len(item.options) > MANY or item.optional or max(map(len, item.options)) > LONG:
        index = item.options.index(value) if value in item.options else None
        return st.selectbox(item.label, item.options, index, key=key, help=item.help, placeholder="None")
    shown = value if value in item.options else item.options[0]
    return st.segmented_control(
        item.label, item.options, default=shown, required=True, key=key, help=item.help,
        format_func=lambda option: option.replace("_", " "),
    )  # fmt: skip


def _number(item: Field, value: float | None, key: str) -> float | int | None:
    cast: type[int] | type[float] = int if item.whole else float
    low, high = (None if end is None else cast(end) for end in (item.low, item.high))
    start = None if value is None else cast(value)
    small = low is not None and high is not None and high - low <= 1000
    if small and not item.optional and low is not None and high is not None:
        step = 1 if item.whole else (high - low) / 100
        return st.slider(item.label, low, high, low if start is None else start, step, key=key, help=item.help)
    return st.number_input(
        item.label, low, high, start, key=key, help=item.help, placeholder="not set" if item.optional else None,
        format=None if item.whole else "%.6g", step=None if item.whole else _step(start),
    )  # fmt: skip


def _step(value: float | None) -> float:
    """A tenth of the value's own magnitude: 2e-4 moves by 1e-5."""
    return 0.1 if not value else 10.0 ** (math.floor(math.log10(abs(value))) - 1)


def _text(item: Field, value: str | None, choices: Choices, key: str) -> str | None:
    if item.widget == "text_area":
        return st.text_area(item.label, value or "", key=key, help=item.help, height=140)
    if item.widget == "group":
        return _score(item, value, choices, key)
    offered = {"model": choices.models, "tokenizer": ["", *choices.tokenizers], "encoder": ["", *choices.encoders]}
    if item.widget in offered:
        known = offered[item.widget]
        options = list(dict.fromkeys([*known, *([value] if value is not None else [])]))
        index = options.index(value) if value in options else None
        return st.selectbox(
            item.label, options, index, key=key, help=item.help, accept_new_options=True,
            format_func=lambda name: name or "Built-in", placeholder="Name, folder or address",
        )  # fmt: skip
    text = st.text_input(item.label, value or "", key=key, help=item.help)
    return text or (None if item.optional else "")


def _benchmarks(item: Field, value: Sequence[str] | None, choices: Choices, key: str) -> list[str]:
    """Known benchmarks, files among them by their names alone, and any path written in."""
    options = list(dict.fromkeys([*choices.benchmarks, *(value or [])]))
    return st.multiselect(
        item.label, options, value or [], key=key, help=item.help, accept_new_options=True,
        format_func=lambda name: Path(name).stem, placeholder="Name, or path of a file",
    )  # fmt: skip


def _yaml(item: Field, value: Any, key: str) -> Any:  # noqa: ANN401
    """A value without a widget of its own, written as YAML; a list of mappings one under the other."""
    listed = isinstance(value, list) and any(isinstance(one, dict) for one in value)
    text = "" if value is None else yaml.safe_dump(
        value, default_flow_style=not listed, allow_unicode=True, sort_keys=not listed, width=1000
    )  # fmt: skip
    text = text.strip().removesuffix("\n...").strip()
    draw = partial(st.text_area, height=240) if listed else st.text_input
    written = draw(item.label, text, key=key, help=f"{item.help} (YAML)")
    try:
        return yaml.safe_load(written) if written.strip() else None
    except yaml.YAMLError:
        return written
