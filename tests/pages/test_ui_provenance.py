import json

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.reading import provenance

SAID = {
    "model": "big_<b>model</b>", "policy": "teacher", "prompt_version": "0a1b2c3d", "temperature": 0.7, "seed": 3,
    "prompt_tokens": 1200, "generated_tokens": 80, "cost": 0.00136, "finish_reason": "stop", "requests": ["f00"],
    "rejected": ["changed answer", "not shorter"], "shots": [], "value": None,
}  # fmt: skip


def draw(extra: str) -> None:
    from curation.trace import Problem, Trace
    from pages.ui.reading import provenance

    provenance.show(Trace(Problem("1 + 1?"), "two", extra=extra))


def test_a_trace_that_a_model_wrote_says_which_and_at_what_cost():
    at = AppTest.from_function(draw, args=(json.dumps({"generate": SAID, "level": {"easy": 1}}),)).run()
    assert not at.exception
    assert [box.label.replace("\\", "") for box in at.expander] == [
        "Written by big_<b>model</b> (generate): 1,200 prompt and 80 generated tokens, cost 0.0014"
    ]
    assert "\\<b\\>" in at.expander[0].label
    (line,) = [item.proto.body for item in at.get("html")]
    assert "<span>prompt version</span><b>0a1b2c3d</b>" in line
    assert "<span>rejected</span><b>changed answer, not shorter</b>" in line
    assert "f00" not in line


def test_what_nobody_counted_is_unknown():
    assert provenance.headline("rewrite", {"generated_tokens": 5}) == (
        "Written by unknown model (rewrite): unknown prompt and 5 generated tokens, cost unknown"
    )


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (None, "cost unknown"), (0.0, "cost 0.00"), (6.6e-05, "cost 0.000066"), (0.5, "cost 0.50"),
        (1234.5, "cost 1,234.50"),
    ],
)  # fmt: skip
def test_a_small_cost_keeps_the_decimals_it_needs(cost, words):
    assert provenance.money(cost) == words


def test_facts_are_named_as_people_would():
    assert provenance.facts(SAID) == {
        "its part": "teacher", "prompt version": "0a1b2c3d", "temperature": 0.7, "seed": 3, "ended": "stop",
        "rejected": "changed answer, not shorter", "shots": "none", "value": None,
    }  # fmt: skip


@pytest.mark.parametrize("extra", ["{}", "[]", "no JSON", '{"generate": {"model": "x"}}', '{"rewrite": 3}'])
def test_other_values_of_a_trace_are_no_provenance(extra):
    assert provenance.written_by(extra) == {}
