from itertools import combinations

import pytest

from training.answering.voting import Winner, alike, counts, pass_at, plurality


def test_formats_of_one_number_are_one_vote():
    assert alike(["1/2", "0.5", "3", "0.50", "$3.00", None, "\\frac{1}{2}"]) == [[0, 1, 3, 6], [2, 4]]


def test_letters_and_words_are_compared_as_answers_are():
    assert alike(["B", "(b)", "A", "Paris", "paris."]) == [[0, 1], [2], [3, 4]]


def test_the_most_frequent_answer_wins():
    assert plurality(["5", "4", "4.0"]) == Winner(1, 2, tied=False)


@pytest.mark.parametrize(("tie", "place"), [("first", 0), ("shortest", 2), ("abstain", None)])
def test_a_tie_is_broken_as_asked(tie, place):
    assert plurality(["5", "4", "4", "5"], tie, [9, 8, 3, 7]) == Winner(place, 2, tied=True)


def test_no_answers_elect_nobody():
    assert plurality([None, None]) == Winner(None, 0, tied=False)


@pytest.mark.parametrize("n", range(1, 7))
def test_pass_at_k_equals_the_share_of_subsets_with_a_right_attempt(n):
    for correct in range(n + 1):
        attempts = [place < correct for place in range(n)]
        for k in range(1, n + 1):
            subsets = list(combinations(attempts, k))
            assert pass_at(n, correct, k) == pytest.approx(sum(map(any, subsets)) / len(subsets), abs=1e-12)


def test_k_doubles_up_to_n():
    assert [counts(n) for n in (1, 2, 3, 4, 6, 8)] == [[1], [1, 2], [1, 2, 3], [1, 2, 4], [1, 2, 4, 6], [1, 2, 4, 8]]
