import pytest

from curation.comparing.agreement import ranks
from curation.comparing.judge_bias import length_bias, position_bias, self_preference
from curation.intervals import wilson


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


AUTHORS = {"t1": "ada", "t2": "ada", "t3": "bob", "t4": "bob"}


def test_self_preference_is_what_a_judge_gives_its_own_beyond_its_strictness():
    # ada is one point stricter than bob on bob's traces, and one point milder on her own: a gap of 2
    scores = {"ada": {"t1": 5, "t2": 4, "t3": 2, "t4": 1}, "bob": {"t1": 4, "t2": 3, "t3": 3, "t4": 2}}
    ada, bob = self_preference(scores, AUTHORS)
    assert (ada.judge, ada.own, ada.others, ada.gap) == ("ada", 2, 2, 2)
    assert (bob.judge, bob.own, bob.others, bob.gap) == ("bob", 2, 2, 2)


def test_strictness_alone_is_no_preference_and_few_rows_have_no_interval():
    scores = {"ada": {"t1": 2, "t3": 2, "t4": None}, "cyd": {"t1": 4, "t3": 4, "t2": 5}}
    [ada] = self_preference(scores, AUTHORS)
    assert (ada.own, ada.others, ada.gap, ada.interval) == (1, 1, 0, None)


def test_a_judge_without_others_to_compare_with_has_no_gap():
    [ada] = self_preference({"ada": {"t1": 5}}, AUTHORS)
    assert (ada.own, ada.others, ada.gap) == (0, 0, None)


def test_position_bias_is_the_share_of_comparisons_that_the_place_decided():
    assert position_bias([1, 1, -1, 0, 0, 0, 0, 0, None]) == (8, 3 / 8, wilson(3, 8), pytest.approx(2 / 3))
    assert position_bias([0, 0]).first is None
    assert position_bias([]) == (0, None, None, None)
