from typing import ClassVar, Literal

import pytest
from pydantic import Field, model_validator
from streamlit.testing.v1 import AppTest

from curation.models import Request
from curation.operator import Mapper
from curation.params import ModelName
from curation.prompting import prompts
from curation.prompting.prompts import PromptText, chat, checked
from curation.spec import build
from curation.trace import Problem, Trace

KIND = "[system]\nBe kind.\n[user]\nPraise {question}"
PLAIN = "Tell about {question}"
TRACE = Trace(Problem("<b>1 + 1</b>?", "2"), "one and one", "2")


class Praise(Mapper):
    """Ask for praise."""

    op: Literal["praise"] = "praise"
    model: ModelName = Field("base", description="Model asked")
    plain: bool = Field(False, description="Whether it is plain")
    prompt: PromptText = Field(KIND, description="What is asked")
    slots: ClassVar = ("question", "answer")

    @model_validator(mode="before")
    @classmethod
    def _following(cls, values):
        return {**values, "prompt": PLAIN} if values.get("plain") and values.get("prompt") == KIND else values

    @model_validator(mode="after")
    def _possible(self):
        checked(self.prompt, ("question",))
        return self

    def asks(self):
        return (self.model,)

    def request(self, trace):
        return Request(chat(self.prompt, {"question": trace.question}), 100, prefix="Well")


def draw(root: str, values: dict[str, object], sample: bool) -> None:
    from pathlib import Path

    import streamlit as st

    from pages.ui import forms
    from pages.ui.prompt_editor import Around
    from tests.pages.test_ui_prompt_editor import TRACE, Praise

    around = Around(Path(root), lambda: TRACE if sample else None)
    st.session_state["chosen"] = forms.form(Praise, values, forms.Choices(models=["base"], prompts=around), "form")


@pytest.fixture
def editor(tmp_path):
    """Opens the form of a step whose prompts are in a workspace."""
    prompts.save(tmp_path, "praise", "kind", KIND)
    prompts.save(tmp_path, "praise", "plain", PLAIN)

    def opened(sample=True, **values):
        at = AppTest.from_function(draw, args=(str(tmp_path), values, sample), default_timeout=30).run()
        assert not at.exception
        return at

    return opened


def captions(at) -> str:
    return "\n".join(item.value.replace("\\", "") for item in [*at.caption, *at.warning, *at.error])


def written(at, text):
    at.text_area(key="form-prompt-text").set_value(text).run()
    assert not at.exception
    return at


def test_an_untouched_prompt_names_its_file_and_version(editor):
    at = editor()
    assert at.selectbox(key="form-prompt-file").value == "kind"
    assert f"Version {prompts.version(KIND)}, unchanged from kind" in captions(at)
    assert "Filled: {question}; also there: {answer}" in captions(at)
    assert build(Praise, at.session_state["chosen"]) == Praise()


def test_an_edited_prompt_says_what_it_was_changed_from(editor):
    at = written(editor(), "Scold {question} for {crime}")
    changed = f"Version {prompts.version('Scold {question} for {crime}')}, changed from kind ({prompts.version(KIND)})"
    assert changed in captions(at)
    assert "Sent as written, not filled: {crime}" in captions(at)
    assert at.session_state["chosen"]["prompt"] == "Scold {question} for {crime}"


def test_another_file_takes_the_place_of_the_text(editor):
    at = editor()
    at.selectbox(key="form-prompt-file").set_value("plain").run()
    assert at.text_area(key="form-prompt-text").value == PLAIN
    assert at.session_state["chosen"]["prompt"] == PLAIN


def test_a_text_of_no_file_is_kept(editor):
    at = editor(prompt="My own {question}")
    assert at.selectbox(key="form-prompt-file").value is None
    assert f"Version {prompts.version('My own {question}')}, a text of its own" in captions(at)


def test_a_prompt_is_saved_under_a_name(editor, tmp_path):
    at = written(editor(), "Mine: {question}")
    at.text_input(key="form-prompt-name").set_value("mine").run()
    at.button(key="form-prompt-save").click().run()
    assert prompts.find("praise", "mine", tmp_path) == "Mine: {question}"
    assert at.selectbox(key="form-prompt-file").value == "mine"
    assert "unchanged from mine" in captions(at)


def test_a_name_that_cannot_be_a_file_is_refused_in_place(editor):
    at = editor()
    at.text_input(key="form-prompt-name").set_value("../mine").run()
    at.button(key="form-prompt-save").click().run()
    assert "'../mine' cannot name a prompt" in captions(at)


def test_what_the_model_reads_of_a_trace_is_shown_by_role(editor):
    at = editor()
    assert [block.value for block in at.code] == ["Be kind.", "Praise <b>1 + 1</b>?", "Well"]
    assert [c.value for c in at.caption][-3:] == ["System", "User", "The answer begins with"]


def test_without_a_trace_nothing_is_rendered(editor):
    at = editor(sample=False)
    assert "No trace fits the filter" in captions(at)
    assert not at.code


def test_a_prompt_that_lacks_its_slot_says_so(editor):
    assert "the prompt has no slot {question}" in captions(written(editor(), "Nothing"))


def test_an_untouched_prompt_follows_the_other_fields(editor):
    at = editor()
    next(toggle for toggle in at.toggle if toggle.label == "Plain").set_value(True).run()
    assert at.text_area(key="form-prompt-text").value == PLAIN
    assert at.selectbox(key="form-prompt-file").value == "plain"
