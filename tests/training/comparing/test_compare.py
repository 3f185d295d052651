from pathlib import Path

import pytest
from answered import evaluated

from curation.errors import UserError
from curation.intervals import Interval
from training.comparing.compare import Agreement, against, agree, compare, left_out, outcome, pair, verdict
from training.comparing.statistics import mcnemar, paired_bootstrap, paired_difference, permutation

A = evaluated("a", {"p": [1], "q": [1], "r": [0], "s": [0], "t": [1]})
B = evaluated("b", {"t": [0], "s": [0], "r": [1], "q": [1], "p": [0]})


def test_problems_are_paired_whatever_their_order():
    assert [(x.question, x.right, y.right) for x, y in pair(A, B)] == [
        ("p", 1, 0), ("q", 1, 1), ("r", 0, 1), ("s", 0, 0), ("t", 1, 0),
    ]  # fmt: skip


def test_single_attempts_are_compared_by_mcnemar_and_newcombe():
    found = compare(A, B)
    assert found.agreement == Agreement(both=1, only_a=2, only_b=1, neither=1)
    assert (found.accuracy_a, found.accuracy_b, found.difference) == pytest.approx((0.6, 0.4, 0.2))
    assert (found.test, found.p_value, found.interval) == ("McNemar", mcnemar(2, 1), paired_difference(1, 2, 1, 1))
    assert found.bootstrap == paired_bootstrap([1, 0, -1, 0, 1])
    assert (found.n, found.trained_on, found.unshared) == (5, 0, 0)


def test_of_several_attempts_the_problems_means_are_compared():
    a = evaluated("a", {"p": [1, 1, 1, 1], "q": [1, 0, 0, 0], "r": [1, 1, 0, 0]})
    b = evaluated("b", {"p": [1, 0], "q": [1, 1], "r": [0, 1]})
    found = compare(a, b)
    assert found.agreement == Agreement(both=1, only_a=1, only_b=1, neither=0)
    assert found.difference == pytest.approx((0.5 - 0.75 + 0) / 3)
    assert (found.test, found.p_value) == ("permutation", permutation([0.5, -0.75, 0]))
    assert found.interval == paired_bootstrap([0.5, -0.75, 0])


def test_several_attempts_that_never_differ_have_no_width():
    twice = evaluated("a", {"p": [1, 0], "q": [0, 1]})
    assert compare(twice, twice).interval == Interval(0.0, 0.0)


def test_an_evaluation_compared_with_itself_does_not_differ():
    found = compare(A, A)
    assert (found.difference, found.p_value, found.needed) == (0.0, 1.0, None)


def test_problems_of_one_evaluation_only_are_left_out_and_counted():
    found = compare(A, evaluated("c", {"p": [1], "z": [1]}))
    assert (found.n, found.unshared) == (1, 5)
    assert left_out(found) == "Compared on 1 problems; left out: 5 that only one of them answered."


def test_problems_either_was_trained_on_are_left_out_and_counted():
    found = compare(A, evaluated("c", {"p": [1], "q": [1], "r": [1], "s": [1], "t": [1]}, trained_on="pq"))
    assert (found.n, found.trained_on, found.agreement) == (3, 2, Agreement(1, 0, 2, 0))
    assert left_out(found) == "Compared on 3 problems; left out: 2 that one of them saw in training."


def test_different_problems_are_refused_with_their_overlap():
    with pytest.raises(UserError, match="a, greedy and c, greedy share 0 problems of 5 and 1"):
        pair(A, evaluated("c", {"z": [1]}))


def test_all_problems_trained_on_are_refused():
    with pytest.raises(UserError, match="share 1 problems of 5 and 1, and none that neither was trained on"):
        pair(A, evaluated("c", {"p": [1]}, trained_on="p"))


def test_each_other_student_is_compared_with_the_baseline_and_corrected():
    many = [f"q{number}" for number in range(12)]
    base = evaluated("base", {name: [0] for name in many})
    good = evaluated("good", {name: [1] for name in many})
    fair = evaluated("fair", {name: [int(number < 7)] for number, name in enumerate(many)})
    other = evaluated("other", {"z": [1]})
    found = against(base, [fair, good, other], "holm")
    assert [one.comparison.difference for one in found[:2]] == pytest.approx([7 / 12, 1.0])
    assert [one.corrected for one in found] == [mcnemar(7, 0), 2 * mcnemar(12, 0), None]
    assert found[2].refused.startswith("other, greedy and base, greedy share 0 problems")
    assert [one.corrected for one in against(base, [fair, good], "none")] == [mcnemar(7, 0), mcnemar(12, 0)]


def test_who_solved_a_problem_more_often():
    assert [outcome(*shares) for shares in [(1, 0), (0.25, 0.5), (0.5, 0.5), (0.25, 0.25)]] == [
        "only_a", "only_b", "both", "neither",
    ]  # fmt: skip
    assert agree([(1, 1), (1, 0)]) == Agreement(1, 1, 0, 0)


def test_the_verdict_says_whether_it_is_chance_and_how_many_problems_are_needed():
    assert verdict(compare(A, B)).startswith("+20.0 points (-36.4 to +63.1), p = 1: may be chance.")
    assert verdict(compare(A, B)).endswith("; the seen one needs about 116.")
    assert "p = 0.01: more than chance." in verdict(compare(A, B), 0.01)


def test_a_comparison_is_plain_values():
    values = compare(A, B).as_dict()
    assert values["agreement"] == {"both": 1, "only_a": 2, "only_b": 1, "neither": 1}
    assert values["interval"] == list(paired_difference(1, 2, 1, 1))


def test_an_evaluation_is_named_by_its_student_its_strategy_and_its_seed():
    assert evaluated("a", {"p": [1]}, seed=3).name == "a, greedy, seed 3"
    assert A.folder == Path("a")
