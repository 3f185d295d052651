import math

import pytest

from curation.prompting.bisect import Stuck, first_valid, together, without_each


def drive(search, valid):
    """What a search finds, and what it asked."""
    asked = []

    def judge(wanted):
        asked.extend(probe for _, probe in wanted)
        return [valid(probe) for _, probe in wanted]

    [found] = together([search], judge)
    return found, asked


def test_binary_search_finds_every_first_valid_place_in_few_calls():
    for n in range(1, 65):
        for first in range(1, n + 1):
            found, asked = drive(first_valid(n), lambda k, first=first: k >= first)
            assert found == first
            assert len(asked) <= math.ceil(math.log2(n)) + 1


def test_every_first_error_of_up_to_33_steps_is_located_in_few_calls():
    for n in range(1, 34):
        for error in range(1, n + 2):  # n + 1: there is none
            found, asked = drive(first_valid(n), lambda k, error=error: k >= error)
            assert found == (error if error <= n else None)
            assert len(asked) <= math.ceil(math.log2(n + 1))


@pytest.mark.parametrize("order", ["binary", "linear", "galloping"])
def test_what_is_found_was_judged_valid_however_verdicts_jump(order):
    for n in range(1, 33):
        for seed in range(40):
            valid = {k: (k * 2654435761 + seed * 40503) >> 7 & 1 for k in range(1, n + 1)}
            found, asked = drive(first_valid(n, order), lambda k, valid=valid: bool(valid[k]))
            assert found is None or (valid[found] and found in asked)
            assert len(asked) == len(set(asked))


@pytest.mark.parametrize("order", ["binary", "linear", "galloping"])
def test_nothing_is_found_where_nothing_is_valid(order):
    for n in range(65):
        assert drive(first_valid(n, order), lambda k: False)[0] is None


def test_each_order_tries_other_places():
    orders = {order: drive(first_valid(12, order), lambda k: k >= 6) for order in ("binary", "linear", "galloping")}
    assert orders == {
        "binary": (6, [7, 4, 6, 5]),
        "linear": (6, [1, 2, 3, 4, 5, 6]),
        "galloping": (6, [1, 3, 7, 5, 6]),
    }


def test_places_below_the_least_are_never_tried():
    assert drive(first_valid(8, least=4), lambda k: True) == (4, [6, 5, 4])
    assert drive(first_valid(3, least=9), lambda k: True) == (3, [3])


def test_after_the_most_calls_the_best_so_far_counts():
    assert drive(first_valid(64, most=2), lambda k: k >= 3) == (17, [33, 17])
    assert drive(first_valid(64, most=1), lambda k: k > 60) == (None, [33])


def test_each_place_is_left_out_where_the_rest_is_valid():
    def valid(places):
        return {0, 3} <= set(places) and (1 in places or 2 in places)

    found, asked = drive(without_each(4, [1, 2]), valid)
    assert found == (0, 2, 3)
    assert asked == [(0, 1, 2, 3), (0, 2, 3), (0, 3)]


def test_nothing_is_left_out_where_the_whole_is_not_valid():
    assert drive(without_each(3, [1]), lambda places: False) == (None, [(0, 1, 2)])


def test_places_beyond_the_most_calls_stay():
    assert drive(without_each(5, [1, 2, 3], most=2), lambda places: True) == (
        (0, 2, 3, 4),
        [(0, 1, 2, 3, 4), (0, 2, 3, 4)],
    )


def test_searches_go_on_side_by_side_and_a_stuck_one_ends_alone():
    rounds = []

    def judge(wanted):
        rounds.append(wanted)
        return [Stuck("no answer came") if row == 1 and k == 2 else k >= 3 for row, k in wanted]

    found = together([first_valid(4), first_valid(2), first_valid(0), first_valid(6)], judge)
    assert found == [3, Stuck("no answer came"), None, 3]
    assert rounds == [[(0, 3), (1, 2), (3, 4)], [(0, 2), (3, 2)], [(3, 3)]]
