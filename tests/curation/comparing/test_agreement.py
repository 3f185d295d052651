"""Against tables worked out by hand, and against scikit-learn and scipy."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from curation.comparing.agreement import agreement, best_threshold, kappa_interval, ranks
from curation.intervals import wilson

# 50 applications judged by two readers: both yes 20, only the first 5, only the second 10, both no 15
FIRST = ["yes"] * 25 + ["no"] * 25
SECOND = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15


def test_kappa_of_a_table_worked_out_by_hand():
    found = agreement(FIRST, SECOND)
    # agreed 35/50 = 0.7; by chance 0.5 * 0.6 + 0.5 * 0.4 = 0.5; (0.7 - 0.5) / (1 - 0.5) = 0.4
    assert (found.n, found.agreed, found.kappa) == (50, 0.7, pytest.approx(0.4))
    assert (found.labels, found.table) == (("no", "yes"), ((15, 10), (5, 20)))
    assert found.agreed_interval == wilson(35, 50)
    # large-sample standard error 0.127 (Fleiss, Cohen and Everitt 1969)
    assert found.kappa_interval == pytest.approx((0.4 - 1.96 * 0.127, 0.4 + 1.96 * 0.127), abs=0.04)


def test_weighted_kappa_of_a_table_worked_out_by_hand():
    # shares: (1,1) .25, (2,2) .25, (3,1) .25, (3,3) .25; costs |i-j|: seen .25 * 2 = .5
    # chance: first (.25, .25, .5), second (.5, .25, .25): linear 1, quadratic 1.625
    first, second = [1, 2, 3, 3], [1, 2, 1, 3]
    assert agreement(first, second, "linear", (1, 2, 3)).kappa == pytest.approx(1 - 0.5 / 1.0)
    assert agreement(first, second, "quadratic", (1, 2, 3)).kappa == pytest.approx(1 - 1.0 / 1.625)


@pytest.mark.parametrize("weights", ["none", "linear", "quadratic"])
@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_scikit_learns(weights, seed):
    random = np.random.default_rng(seed)
    first = random.integers(1, 6, 80)
    second = np.clip(first + random.integers(-1, 2, 80), 1, 5)
    wanted = cohen_kappa_score(first, second, weights=None if weights == "none" else weights, labels=range(1, 6))
    found = agreement(first.tolist(), second.tolist(), weights, tuple(range(1, 6)))
    assert found.kappa == pytest.approx(wanted)
    assert found.kappa_interval.low < wanted < found.kappa_interval.high


def test_rows_one_did_not_judge_are_left_out():
    assert agreement(["a", None, "b", "a"], ["a", "a", None, "b"]).n == 2
    nobody = agreement([None], [None])
    assert (nobody.n, nobody.agreed, nobody.kappa, nobody.kappa_interval) == (0, None, None, None)


def test_where_chance_alone_agrees_always_kappa_is_unknown():
    found = agreement(["a"] * 9, ["a"] * 9)
    assert (found.agreed, found.kappa, found.kappa_interval) == (1.0, None, None)


def test_an_interval_narrows_with_the_rows():
    small, large = (kappa_interval(np.array([[15, 10], [5, 20]]) * times) for times in (1, 20))
    assert large.high - large.low < (small.high - small.low) / 3


def test_ranks_are_scipys_with_ties():
    first, second = [1, 2, 2, 3, 5, 4, None], [2, 1, 3, 3, 5, 5, 1]
    found = ranks(first, second)
    assert (found.n, found.rho) == (6, pytest.approx(spearmanr(first[:6], second[:6]).statistic))
    assert found.interval.low < found.rho <= found.interval.high


def test_a_score_that_never_varies_has_no_ranks():
    assert ranks([3, 3, 3, 3], [1, 2, 3, 4])[1:] == (None, None)
    assert ranks([], [])[1:] == (None, None)


def test_the_best_threshold_worked_out_by_hand():
    # from 3.5 on: right of 5 true are 4, of 5 false wrong 1: agreed 0.8, by chance 0.5, kappa 0.6
    scores = [1, 1, 3, 3, 4, 3, 4, 4, 5, 5]
    flags = [False] * 5 + [True] * 5
    assert best_threshold([*scores, None], [*flags, True]) == (3.5, 0.8, pytest.approx(0.6))


def test_kappa_and_not_the_share_chooses_the_threshold():
    # calling all right agrees on 9 of 10 and says nothing
    found = best_threshold([1, 2, 2, 3, 3, 3, 3, 3, 3, 3], [False] + [True] * 9)
    assert found == (1.5, 1.0, 1.0)


@pytest.mark.parametrize(("scores", "flags"), [([1, 2], [True, True]), ([2, 2], [True, False]), ([], [])])
def test_where_nothing_can_be_told_apart_there_is_no_threshold(scores, flags):
    assert best_threshold(scores, flags) is None


@pytest.mark.parametrize("seed", range(5))
def test_no_other_threshold_has_a_higher_kappa(seed):
    random = np.random.default_rng(seed)
    flags = (random.random(60) < 0.7).tolist()
    scores = [float(flag + value) for flag, value in zip(flags, random.integers(0, 3, 60), strict=True)]
    found = best_threshold(scores, flags)
    kappas = [cohen_kappa_score(np.array(scores) >= cut, flags) for cut in (0.5, 1.5, 2.5)]
    assert found.kappa == pytest.approx(max(kappas))
