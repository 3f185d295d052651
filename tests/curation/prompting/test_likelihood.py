import math

import pytest

from curation.models import TokenScore
from curation.prompting.likelihood import aggregate, differences, first_tokens, surprises
from curation.trace import Segment


@pytest.mark.parametrize(("how", "value"), [("mean", -2.0), ("sum", -6.0), ("min", -3.0), ("perplexity", math.e**2)])
def test_log_probabilities_make_one_number(how, value):
    assert aggregate([-1.0, -2.0, -3.0], how) == pytest.approx(value)
    assert aggregate([], how) is None


def test_the_perplexity_of_the_impossible_is_still_a_number():
    assert math.isfinite(aggregate([-1e9], "perplexity"))


def test_differences_need_the_same_tokens():
    given, without = [TokenScore(1, -1.0), TokenScore(3, -2.0)], [TokenScore(1, -1.5), TokenScore(3, -1.0)]
    assert differences(given, without) == [TokenScore(1, 0.5), TokenScore(3, -1.0)]
    assert differences(given, [TokenScore(3, -1.0)]) is None


def test_a_token_counts_for_the_segment_it_ends_in():
    tokens = [TokenScore(2, -1.0), TokenScore(5, -3.0), TokenScore(6, -5.0)]
    segments = [Segment(0, 4, "plan"), Segment(4, 6, "attempt"), Segment(6, 9, "answer")]
    assert surprises(tokens, segments) == [1.0, 4.0, None]


def test_the_first_tokens_are_those_of_the_estimate():
    assert first_tokens("one two three", 2) == "one two"
    assert first_tokens("one two three", 3) == "one two three"
