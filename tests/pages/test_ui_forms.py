from typing import Literal

import pyarrow as pa
import pytest
from pydantic import Field
from streamlit.testing.v1 import AppTest

from curation.operator import OPERATORS
from curation.operators.cut import Cut
from curation.operators.label_segments import LabelSegments
from curation.params import EncoderName, Fraction, ModelName, Prompt, ScoreName
from curation.spec import Spec, build
from pages.ui import fields, forms
from training.objective import OBJECTIVES
from training.strategy import STRATEGIES

BINS = pa.table({"low": [0.0, 0.5], "high": [0.5, 1.0], "rows": [3, 1]})
CHOICES = forms.Choices(
    scores={"correct": "flag", "difficulty": "number", "model": "category"},
    models=["base"],
    encoders=["/models/minilm"],
    benchmarks=["word_problems", "/work/benchmarks/mine.parquet"],
    histogram=lambda score: BINS if score == "difficulty" else None,
    categories=lambda score: ["long", "short"] if score == "model" else [],
)


class Every(Spec):
    """One field of each shape."""

    tag = "op"
    op: Literal["every"] = "every"
    share: Fraction = Field(0.5, description="Share kept")
    count: int = Field(3, description="How many", ge=1)
    side: Literal["end", "start"] = Field("end", description="Which side")
    kinds: list[Literal["a", "b"]] = Field(["a"], description="Which kinds")
    names: list[str] = Field([], description="Which names")
    rate: float | None = Field(None, description="Rate, empty for the default")
    on: bool = Field(False, description="Whether it is on")
    score: ScoreName = Field("difficulty", description="Score compared")
    model: ModelName = Field("base", description="Model asked")
    encoder: EncoderName = Field("", description="Encoder used")
    prompt: Prompt = Field("Hello", description="Prompt text")
    pairs: dict[str, int] = Field({"a": 1}, description="Numbers by name")


SPECS = {"every": Every, **OPERATORS.members, **OBJECTIVES.members, **STRATEGIES.members}


def show(name: str, values: dict[str, object]) -> None:
    import streamlit as st

    from pages.ui import forms
    from tests.pages.test_ui_forms import CHOICES, SPECS

    st.session_state["chosen"] = forms.form(SPECS[name], values, CHOICES, "form")


def drawn(name, **values):
    at = AppTest.from_function(show, args=(name, values)).run()
    assert not at.exception
    return at


def test_fields_are_read_from_the_declaration():
    assert [(item.name, item.shape, item.widget) for item in fields.fields(Every)] == [
        ("share", "number", ""),
        ("count", "number", ""),
        ("side", "choice", ""),
        ("kinds", "choices", ""),
        ("names", "texts", ""),
        ("rate", "number", ""),
        ("on", "flag", ""),
        ("score", "text", "score"),
        ("model", "text", "model"),
        ("encoder", "text", "encoder"),
        ("prompt", "text", "text_area"),
        ("pairs", "yaml", ""),
    ]


def test_an_untouched_form_gives_back_the_defaults():
    assert build(Every, drawn("every").session_state["chosen"]) == Every()


def test_each_shape_has_its_widget():
    at = drawn("every")
    assert [widget.label for widget in at.slider] == ["Share"]
    assert [widget.label for widget in at.number_input] == ["Count", "Rate"]
    assert [widget.label for widget in at.toggle] == ["On"]
    assert [widget.label for widget in at.selectbox] == ["Score", "Model", "Encoder"]
    assert [widget.label for widget in at.text_area] == ["Prompt"]
    assert at.slider[0].help == "Share kept"


def test_an_encoder_is_the_built_in_one_or_a_known_one():
    at = drawn("every")
    (encoder,) = (widget for widget in at.selectbox if widget.label == "Encoder")
    assert (encoder.options, encoder.value) == (["Built-in", "/models/minilm"], "")


def test_a_group_is_the_problem_or_a_column_and_may_be_none():
    at = drawn("keep_quantile", score="difficulty")
    (group,) = (widget for widget in at.selectbox if widget.label == "Group")
    assert (group.options, group.value) == (["problem", "correct", "difficulty", "model"], None)
    group.set_value("problem")
    at.run()
    assert at.session_state["chosen"]["group"] == "problem"


def test_benchmarks_are_chosen_by_name_and_files_shown_by_theirs():
    at = drawn("find_contamination")
    (benchmarks,) = at.multiselect
    assert (benchmarks.options, benchmarks.value) == (["word_problems", "mine"], ["word_problems"])
    at = drawn("find_contamination", benchmarks=["/data/test.jsonl"])
    assert at.multiselect[0].options == ["word_problems", "mine", "test"]
    assert at.session_state["chosen"]["benchmarks"] == ["/data/test.jsonl"]


def test_a_changed_widget_changes_its_value_only():
    at = drawn("every")
    at.slider[0].set_value(0.25)
    at.run()
    assert build(Every, at.session_state["chosen"]) == Every(share=0.25)


@pytest.mark.parametrize("name", [name for name in SPECS if name != "every"])
def test_the_form_of_every_registered_spec_renders(name):
    at = drawn(name)
    assert set(at.session_state["chosen"]) <= {item.name for item in fields.fields(SPECS[name])}


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        ("difficulty", {"score": "difficulty", "minimum": 0.25, "maximum": None, "unknown": "drop"}),
        ("model", {"score": "model", "values": None, "unknown": "drop"}),
        ("correct", {"score": "correct", "equals": True, "unknown": "drop"}),
    ],
)
def test_limits_fit_the_type_of_the_score(score, expected):
    assert drawn("keep_where", score=score, minimum=0.25).session_state["chosen"] == expected


def test_a_limit_dragged_to_the_edge_is_lifted():
    at = drawn("keep_where", score="difficulty", minimum=0.25)
    at.slider[0].set_value((0.0, 0.75))
    at.run()
    assert at.session_state["chosen"]["minimum"] is None
    assert at.session_state["chosen"]["maximum"] == 0.75


def test_a_score_that_is_not_measured_yet_gets_number_boxes():
    at = drawn("keep_where", score="n_tokens", maximum=300.0)
    assert at.session_state["chosen"] == {"score": "n_tokens", "minimum": None, "maximum": 300.0, "unknown": "drop"}


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, (0.0, 1.0, 0.005)),
        (80.0, 412.0, (80.0, 412.0, 1.0)),
        (0.0, 120_000.0, (0.0, 120_000.0, 500.0)),
        (3.0, 3.0, (3.0, 4.0, 0.005)),
    ],
)
def test_sliders_have_round_ends_and_steps(low, high, expected):
    assert forms.edges(low, high, (None, None)) == expected


def test_a_slider_reaches_a_limit_outside_the_data():
    assert forms.edges(0.0, 1.0, (None, 1.5))[1] > 1.5
    assert forms.edges(0.0, 1.0, (0.0, None))[0] < 0.0


def test_prompts_are_drawn_once_there_is_a_model_to_put_them_to():
    at = drawn("label_segments")
    assert [area.label for area in at.text_area] == []
    assert at.session_state["chosen"]["prompt"] == LabelSegments().prompt
    assert [area.label for area in drawn("label_segments", model="base").text_area] == ["Prompt text"]


def test_fields_that_mean_nothing_beside_the_others_are_not_drawn_and_keep_their_defaults():
    labels = [widget.label for widget in drawn("segment").main if hasattr(widget, "label")]
    assert labels == ["Splitter"]
    at = drawn("cut", policy="tokens", amount=100, keep_conclusion="student", judge_prompt="my own")
    assert [widget.label for widget in at.selectbox] == ["Policy", "Tokenizer"]
    assert build(Cut, at.session_state["chosen"]) == Cut(policy="tokens", amount=100)
    asked = drawn(
        "cut", policy="min_valid_prefix", model="base", validator="judge", judge_prompt="{question} {reasoning}"
    )
    assert [area.label for area in asked.text_area] == ["Prompt text"]
    assert asked.session_state["chosen"]["judge_prompt"] == "{question} {reasoning}"
