import random

import pytest

from curation.intervals import clustered, wilson


def test_wilson_of_81_in_263_is_newcombes_published_interval():
    assert tuple(wilson(81, 263)) == pytest.approx((0.2553, 0.3662), abs=5e-5)  # Newcombe 1998, table I, method 3


def test_wilson_of_none_correct_starts_at_zero_and_ends_above_it():
    assert tuple(wilson(0, 20)) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_wilson_of_no_observations_is_unknown():
    assert wilson(0, 0) is None


def test_one_attempt_each_gives_the_plain_interval():
    assert clustered([[True], [False], [True], [False], [False]]) == pytest.approx(wilson(2, 5))


def test_attempts_that_always_agree_count_as_one():
    assert clustered([[True] * 4, [False] * 4, [True] * 4]) == pytest.approx(wilson(2, 3))
    assert clustered([[True] * 4] * 5) == wilson(5, 5)
    assert clustered([[False] * 4] * 5) == wilson(0, 5)


def test_attempts_that_differ_within_problems_count_more_than_problems_and_at_most_each():
    problems = [[True, False], [True, True], [False, False], [True, False]]
    found, fewest, most = clustered(problems), wilson(2, 4), wilson(4, 8)
    assert fewest.low < found.low < found.high < fewest.high
    assert (found.low, found.high) == pytest.approx((most.low, most.high))
    assert clustered([[True, False]] * 3) == pytest.approx(wilson(3, 6))


def test_the_clustered_interval_covers_what_it_should():
    rng = random.Random(0)
    inside, worlds = 0, 400
    for _ in range(worlds):
        ease = [rng.betavariate(1, 1) for _ in range(60)]
        low, high = clustered([[rng.random() < one for _ in range(8)] for one in ease])
        inside += low <= 0.5 <= high
    assert 0.92 < inside / worlds < 0.98


def test_no_problems_have_no_interval():
    assert clustered([]) is None
