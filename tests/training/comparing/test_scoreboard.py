from dataclasses import replace

import numpy as np
import pytest
from answered import evaluated
from scipy import stats

from curation.intervals import clustered, wilson
from training.comparing.scoreboard import cleanliness, line, scoreboard


def test_a_line_holds_accuracy_interval_length_and_missing_answers():
    found = line(evaluated("a", {"p": [1], "q": [0], "r": [None], "s": [1]}, trained_on=""))
    assert (found.accuracy, found.low, found.high) == (0.5, *wilson(2, 4))
    assert (found.tokens, found.tokens_per_correct, found.no_answer_rate) == (10, 20, 0.25)
    assert (found.cost, found.n, found.all_problems, found.attempts) == (None, 4, 4, 1)


@pytest.mark.parametrize(("right", "total"), [(0, 7), (7, 7), (3, 8), (412, 600)])
def test_one_attempt_a_problem_has_wilsons_interval(right, total):
    found = line(evaluated("a", {f"q{number}": [int(number < right)] for number in range(total)}))
    reference = stats.binomtest(right, total).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((reference.low, reference.high), abs=1e-9)


def test_the_spread_of_clustered_attempts_is_the_sum_over_all_pairs_within_a_problem():
    random = np.random.default_rng(3)
    attempts = {f"q{n}": (random.random(4) < easy).astype(int).tolist() for n, easy in enumerate([0.1, 0.9] * 15)}
    mean = np.mean(list(attempts.values()))
    pairs = sum((x - mean) * (y - mean) for own in attempts.values() for x in own for y in own)
    effective = mean * (1 - mean) / (pairs / 120**2)
    found = line(evaluated("a", attempts))
    assert (found.low, found.high) == pytest.approx(tuple(wilson(mean * effective, effective)), abs=1e-9)


def test_several_attempts_have_a_clustered_interval():
    found = line(evaluated("a", {"p": [1, 1], "q": [1, 0], "r": [0, 0, 0, 0]}))
    assert found.accuracy == 0.5
    assert (found.low, found.high) == tuple(clustered([[True, True], [True, False], [False] * 4]))
    assert (found.attempts, found.tokens_per_correct) == (4, pytest.approx(80 / 3))


def test_a_price_makes_costs_of_tokens():
    found = line(evaluated("a", {"p": [1, 1], "q": [0, 0]}, tokens=500_000), price=3.0)
    assert (found.cost, found.cost_per_correct) == (6.0, 3.0)


def test_a_student_trained_on_problems_is_counted_on_the_others_only():
    found = line(evaluated("a", {"p": [1], "q": [1], "r": [0]}, trained_on="pq"))
    assert (found.accuracy, found.n, found.all_problems, found.contaminated) == (0.0, 1, 3, 2)
    assert cleanliness(found) == "trained on 2 of 3 problems; figures are of the other 1"


def test_a_student_trained_on_every_problem_has_no_figures():
    found = line(evaluated("a", {"p": [1]}, trained_on="p"))
    assert (found.accuracy, found.low, found.tokens, found.no_answer_rate) == (None, None, None, None)
    assert cleanliness(found) == "trained on 1 of 1 problems, so nothing is counted"


def test_what_is_not_known_is_not_called_clean():
    assert cleanliness(line(evaluated("a", {"p": [1]}))) == "not trained here, so unknown"
    assert cleanliness(line(evaluated("a", {"p": [1]}, trained_on=""))) == "trained on none of them"


def test_the_frontier_are_those_no_other_beats_on_accuracy_and_tokens():
    right = {"p": [1], "q": [1]}
    half = {"p": [1], "q": [0]}
    found = scoreboard(
        [
            evaluated("long", right, tokens=90),
            evaluated("wasteful", half, tokens=50),
            evaluated("short", half, tokens=20),
            evaluated("twin", half, tokens=20),
            evaluated("elsewhere", half, tokens=95, benchmark="other"),
            evaluated("seen", right, tokens=1, trained_on="pq"),
        ]
    )
    assert [one.student for one in found if one.on_frontier] == ["long", "short", "twin", "elsewhere"]


def test_near_copies_count_as_seen():
    found = line(evaluated("a", {"p": [1], "q": [1], "r": [0]}, trained_on="p", near="q"))
    assert (found.accuracy, found.n) == (0.0, 1)
    assert cleanliness(found) == "trained on 1 and on near copies of 1 of 3 problems; figures are of the other 1"
    found = line(evaluated("a", {"p": [1], "q": [1]}, trained_on="", near="q"))
    assert cleanliness(found) == "trained on near copies of 1 of 2 problems; figures are of the other 1"
    clean = line(evaluated("a", {"p": [1]}, trained_on="", near=""))
    assert cleanliness(clean) == "trained on none of them, nor on near copies"


def test_where_the_train_run_is_gone_nothing_is_counted():
    gone = replace(evaluated("a", {"p": [1], "q": [1]}), contaminated=1)
    assert line(gone).accuracy is None
    assert cleanliness(line(gone)) == "trained on 1 of 2 problems, it is not known which, so nothing is counted"
