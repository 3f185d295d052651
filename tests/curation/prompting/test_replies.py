import pytest

from curation.models import Completion
from curation.prompting.replies import json_of, section, unusable


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"score": 1}', {"score": 1}),
        ('Well: ```json\n{"score": {"a": 2}}\n```', {"score": {"a": 2}}),
        ('first {"score": 1}, no, {"score": 2}.', {"score": 2}),
        ("\\frac{1}{2}", None),
        ("[1, 2]", None),
        ('{"score": ', None),
    ],
)
def test_the_last_object_counts(text, found):
    assert json_of(text) == found


def test_a_section_needs_both_marks():
    assert section("a <s> b </s> c", "<s>", "</s>") == "b"
    assert section("a <s> b", "<s>", "</s>") is None
    assert section("b </s>", "<s>", "</s>") is None


def test_why_an_answer_is_of_no_use():
    failed = Completion("", (), "failed", cause="timeout", failure="no answer in 5 s")
    assert unusable(failed) == "timeout: no answer in 5 s"
    assert unusable(Completion(" ", (1,), "stop")) == "empty: the model wrote nothing"
    assert unusable(Completion("a", (1,), "filtered")) == "filtered: the server withheld the answer"
    cut = Completion("a", (1, 2), "length")
    assert unusable(cut) == "cut off: the answer reached its limit of 2 tokens"
    assert unusable(cut, whole=False) is None
    assert unusable(Completion("a", (1,), "stop")) is None
