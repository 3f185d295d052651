from pathlib import Path

import pytest

from curation.errors import UserError
from curation.operators.pad import Pad
from curation.operators.verify_answer import VerifyAnswer
from curation.texts.tokens import count_tokens, estimate_tokens
from curation.trace import Segment

STUDENT = Path(__file__).resolve().parents[3] / "data/base_student"


def pad(trace, **fields):
    (result,) = Pad(**fields).map(trace)
    return result


def test_the_filler_stands_between_reasoning_and_answer(make_trace):
    trace = make_trace("one two", answer="3")
    child = pad(trace, tokens=5)
    assert (child.reasoning, child.answer, child.parent_id) == ("one two . . .", "3", trace.id)


def test_an_answer_that_stands_in_the_reasoning_stays_at_its_end(make_trace):
    trace = make_trace("So it is 12.", reference="12")
    child = pad(trace, tokens=3000)
    assert child.reasoning.startswith(" . .")
    assert child.reasoning.endswith(trace.reasoning)
    assert VerifyAnswer().annotate(child) == VerifyAnswer().annotate(trace)


@pytest.mark.parametrize("length", [1, 7, 50, 333])
@pytest.mark.parametrize("answer", ["3", ""])
def test_the_length_is_met_to_one_token(make_trace, length, answer):
    child = pad(make_trace("x", answer=answer), tokens=length)
    assert abs(estimate_tokens(child.reasoning) - length) <= 1


def test_a_filler_of_several_tokens_comes_as_near_as_it_can(make_trace):
    child = pad(make_trace("x", answer="3"), tokens=10, text=" and so on")
    assert child.reasoning == "x and so on and so on and so on"


def test_a_trace_that_is_long_enough_is_the_trace_itself(make_trace):
    trace = make_trace("one two three")
    assert pad(trace, tokens=3) is trace
    assert pad(trace, tokens=2) is trace


def test_segments_go_on_with_the_filler_as_one_of_them(make_trace):
    parts = [("attempt", "one "), ("answer", "two")]
    behind = pad(make_trace(parts=parts, answer="2"), tokens=4)
    assert behind.segments == (Segment(0, 4, "attempt"), Segment(4, 7, "answer"), Segment(7, 11, "filler"))
    ahead = pad(make_trace(parts=parts), tokens=4)
    assert ahead.segments == (Segment(0, 4, "filler"), Segment(4, 8, "attempt"), Segment(8, 11, "answer"))


def test_a_real_tokenizer_counts(make_trace):
    child = pad(make_trace("She has 12 apples.", answer="12"), tokens=40, tokenizer=str(STUDENT))
    assert abs(count_tokens(child.reasoning, str(STUDENT)) - 40) <= 1


def test_a_tokenizer_that_is_not_here_stops_the_run(make_trace, tmp_path):
    with pytest.raises(UserError, match="cannot be loaded"):
        Pad(tokenizer=str(tmp_path / "missing")).map_batch([make_trace("a")])
