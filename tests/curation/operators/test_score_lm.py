"""Scores by a model: against logits computed by hand, and on a model to which characters are tokens."""

import math

import pytest

from curation.asker import Asker, Opened
from curation.backends.meter import Meter
from curation.backends.transformers_model import TransformersModel
from curation.connection import BASE_FOLDER
from curation.errors import UserError
from curation.models import TokenScore
from curation.operator import Annotation, Failure
from curation.operators.score_lm import ScoreLm
from curation.spec import build
from curation.trace import Problem, Trace
from tests.curation.operators.scripted_asker import MemoryBook


class Likely:
    """Every character is a token: likely where what stands before holds it, unlikely elsewhere."""

    def __init__(self, room=1000, merged=False):
        self.room, self.merged, self.asked = room, merged, []

    def score(self, requests, texts):
        return [self._score(request, text) for request, text in zip(requests, texts, strict=True)]

    def _score(self, request, text):
        self.asked.append((request.prompt, request.prefix, text))
        said = (request.prompt[-1]["content"] if request.prompt else "") + request.prefix
        if len(said) + len(text) > self.room:
            return []
        step = 2 if self.merged and not request.prompt else 1
        return [
            TokenScore(place, -1.0 if text[place - 1] in said else -3.0) for place in range(step, len(text) + 1, step)
        ]


def score(model, trace, **fields):
    asker = Asker(lambda name: Opened(model, "likely"), MemoryBook(), Meter())
    [found] = ScoreLm(model="student", **fields).annotate_with([trace], asker)
    return found


def test_perplexity_equals_a_log_softmax_computed_by_hand():
    import torch

    model = TransformersModel.open(str(BASE_FOLDER))
    trace = Trace(Problem("What is 2 + 3?", "5"), "Add them: 2 + 3 = 5.", "5")
    asker = Asker(lambda name: Opened(model, "base"), MemoryBook(), Meter())
    fields = {"reasoning": ("<think>\n", trace.reasoning), "answer": (f"<think>\n{trace.reasoning}\n</think>\n", "5")}
    for target, (prefix, text) in fields.items():
        [found] = ScoreLm(model="base", target=target).annotate_with([trace], asker)
        before = model.tokenizer(model.render(({"role": "user", "content": trace.question},)) + prefix)["input_ids"]
        wanted = model.tokenizer(text, add_special_tokens=False)["input_ids"]
        logits = model.model(input_ids=torch.tensor([before + wanted])).logits[0].detach().log_softmax(-1)
        by_hand = [float(logits[len(before) + place - 1, token]) for place, token in enumerate(wanted)]
        assert found.scores["student_ppl"] == pytest.approx(math.exp(-sum(by_hand) / len(by_hand)), rel=1e-5)
        if found.surprise:
            assert [token.log_prob for token in found.surprise] == pytest.approx(by_hand, abs=1e-5)
            assert found.surprise[-1].stop == len(text)


@pytest.mark.parametrize(
    ("aggregate", "name", "value"),
    [("perplexity", "student_ppl", math.e**2), ("mean", "student_log_prob", -2.0),
     ("sum", "student_log_prob_sum", -8.0), ("min", "student_log_prob_min", -3.0)],
)  # fmt: skip
def test_tokens_make_one_number(aggregate, name, value):
    found = score(Likely(), Trace(Problem("ab"), "abxy"), aggregate=aggregate)
    assert found.scores == {name: pytest.approx(value)}


@pytest.mark.parametrize(
    ("target", "asked"),
    [
        ("reasoning", [("<think>\n", "why")]),
        ("answer", [("<think>\nwhy\n</think>\n", "so")]),
        ("all", [("<think>\n", "why"), ("<think>\nwhy\n</think>\n", "so")]),
    ],
)
def test_texts_are_scored_where_a_student_writes_them(target, asked):
    model = Likely()
    score(model, Trace(Problem("q?"), "why", "so"), target=target)
    assert [(prefix, text) for _, prefix, text in model.asked] == asked


def test_without_think_tags_the_answer_follows_the_reasoning():
    model = Likely()
    score(model, Trace(Problem("q?"), "why", "so"), target="answer", think_tags=False)
    assert model.asked == [(({"role": "user", "content": "q?"},), "why\n\n", "so")]


def test_contrast_is_what_the_question_adds_to_each_token():
    trace = Trace(Problem("ab"), "abxy")
    given = score(Likely(), trace, context="question", aggregate="sum").scores["student_log_prob_sum"]
    without = score(Likely(), trace, context="none", aggregate="sum").scores["student_log_prob_sum"]
    found = score(Likely(), trace, context="contrast", aggregate="sum")
    assert (given, without, found.scores) == (-8.0, -12.0, {"student_log_prob_sum": 4.0})
    assert found.surprise == [TokenScore(1, -1.0), TokenScore(2, -1.0), TokenScore(3, -3.0), TokenScore(4, -3.0)]


def test_other_tokens_without_the_question_fail_the_row():
    trace = Trace(Problem("ab"), "abxy")
    reason = "the model reads the text as other tokens without the question"
    assert score(Likely(merged=True), trace, context="contrast") == Failure(trace.id, reason)


def test_the_most_surprising_segment_is_named(make_trace):
    trace = make_trace(parts=[("attempt", "ab"), ("check", "axy"), ("answer", "b")], question="ab")
    found = score(Likely(), trace, target="segments", name="base", aggregate="mean")
    expected = {
        "base_log_prob": pytest.approx(-10 / 6),
        "base_max_surprise": pytest.approx(7 / 3),
        "base_max_segment": 2,
    }
    assert found.scores == expected


def test_what_cannot_be_scored_is_unknown():
    assert score(Likely(), Trace(Problem("q"), "", "5")) == Annotation({"student_ppl": None})
    assert score(Likely(room=5), Trace(Problem("q"), "too long")) == Annotation({"student_ppl": None})


def test_a_text_too_long_for_the_context_is_told_nothing_of():
    model = TransformersModel.open(str(BASE_FOLDER))
    asker = Asker(lambda name: Opened(model, "base"), MemoryBook(), Meter())
    traces = [Trace(Problem("q"), "7 " * 2000), Trace(Problem("q"), "7 ")]
    long, short = ScoreLm(model="base").annotate_with(traces, asker)
    assert long == Annotation({"student_ppl": None})
    assert short.scores["student_ppl"] > 1


def test_only_the_first_tokens_are_scored():
    model = Likely()
    score(model, Trace(Problem("q"), "one two three four"), max_tokens=2)
    assert model.asked[0][2] == "one two"


def test_scores_have_the_given_name_and_others_are_refused():
    assert ScoreLm(model="m", name="tutor").adds() == {"tutor_ppl": "number"}
    with pytest.raises(UserError, match=r"score_lm\.name: .*found 'a b'"):
        build(ScoreLm, {"model": "m", "name": "a b"})


def test_the_request_shown_is_the_one_that_is_scored_after():
    model, trace = Likely(), Trace(Problem("q?"), "why", "so")
    score(model, trace)
    request = ScoreLm(model="student").request(trace)
    assert (request.prompt, request.prefix, "why") == model.asked[0]
