import pytest

from curation.comparing.agreement import ranks
from curation.comparing.judge_bias import length_bias


def test_a_judge_that_counts_words_shows_among_right_and_among_wrong_answers():
    tokens, right = [10, 20, 30, 40, 50, 60], [True, False] * 3
    found = length_bias([1, 2, 3, 4, 5, None], tokens, right)
    assert (found.rows.n, found.rows.rho) == (5, pytest.approx(1))
    assert (found.right.n, found.right.rho) == (3, pytest.approx(1))
    assert (found.wrong.n, found.wrong.rho) == (2, pytest.approx(1))


def test_where_length_stands_for_being_wrong_it_vanishes_among_equals():
    scores, tokens, right = [5, 5, 5, 1, 1, 1], [10, 12, 14, 90, 92, 94], [True] * 3 + [False] * 3
    found = length_bias(scores, tokens, right)
    assert found.rows == ranks(scores, tokens)
    assert found.rows.rho < -0.8
    assert (found.right.rho, found.wrong.rho) == (None, None)
