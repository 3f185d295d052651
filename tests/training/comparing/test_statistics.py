import math

import numpy as np
import pytest
from scipy import stats

from training.comparing.statistics import (
    corrected,
    detectable,
    mcnemar,
    needed,
    paired_bootstrap,
    paired_difference,
    permutation,
)

TABLES = [tuple(map(int, np.random.default_rng(seed).integers(0, 40, 4))) for seed in range(20)]


def differences(only_first, only_second, ties):
    return [1.0] * only_first + [-1.0] * only_second + [0.0] * ties


def test_mcnemar_is_the_two_sided_binomial_of_discordant_pairs():
    assert mcnemar(1, 5) == pytest.approx(14 / 64)  # 2 * (C(6,0) + C(6,1)) / 2**6


def test_mcnemar_without_discordant_pairs_is_one():
    assert mcnemar(0, 0) == 1.0


@pytest.mark.parametrize("table", TABLES)
def test_mcnemar_counts_both_tails_of_the_discordant_pairs(table):
    _, b, c, _ = table
    n = b + c
    tail = sum(math.comb(n, k) for k in range(min(b, c) + 1)) / 2**n
    assert mcnemar(b, c) == pytest.approx(min(1.0, 2 * tail), abs=1e-9)


def test_paired_difference_is_newcombes_published_interval():
    # Newcombe 1998, Statistics in Medicine 17:2635, table II, method 10
    assert tuple(paired_difference(36, 12, 2, 0)) == pytest.approx((0.0569, 0.3404), abs=5e-5)


def test_swapping_the_students_mirrors_the_interval():
    low, high = paired_difference(10, 7, 3, 5)
    assert tuple(paired_difference(10, 3, 7, 5)) == pytest.approx((-high, -low))


@pytest.mark.parametrize("seed", range(12))
def test_the_permutation_test_is_the_enumeration_of_all_signs(seed):
    random = np.random.default_rng(seed)
    values = (random.integers(0, 5, 11) / 4 - random.integers(0, 4, 11) / 3).tolist()
    reference = stats.permutation_test(
        (np.asarray(values),), np.sum, permutation_type="samples", n_resamples=np.inf, vectorized=True
    ).pvalue
    assert permutation(values) == pytest.approx(reference, abs=1e-9)


@pytest.mark.parametrize("table", TABLES)
def test_for_single_attempts_the_permutation_test_is_mcnemars(table):
    both, b, c, neither = table
    assert permutation(differences(b, c, both + neither)) == pytest.approx(mcnemar(b, c), abs=1e-9)


def test_sums_that_cannot_be_counted_are_drawn_with_a_seed_and_never_give_zero():
    values = (np.random.default_rng(0).normal(0.2, 1, 400) / 997).tolist()
    primes = [p for p in range(400, 1000) if all(p % d for d in range(2, 32))]
    values += [1 / p for p in primes]
    drawn = permutation(values, seed=5, resamples=200)
    assert drawn == permutation(values, seed=5, resamples=200)
    assert drawn >= 1 / 201
    assert permutation([value + 1 for value in values], resamples=200) == pytest.approx(1 / 201)


def test_without_any_difference_the_permutation_test_is_one():
    assert permutation([0.0, 0.0]) == 1.0


@pytest.mark.parametrize("table", TABLES[:5])
def test_the_bootstrap_is_efrons_bca_of_the_same_draws(table):
    both, b, c, neither = table
    values = np.asarray(differences(b, c, both + neither))
    random, n, mean = np.random.default_rng(7), len(values), values.mean()
    draws = np.concatenate([values[random.integers(0, n, (count, n))].mean(axis=1) for count in (500, 499)])
    z = stats.norm.ppf(((draws < mean).mean() + (draws <= mean).mean()) / 2)
    leave = np.asarray([(values.sum() - value) / (n - 1) for value in values])
    away = leave.mean() - leave
    a = (away**3).sum() / (6 * (away**2).sum() ** 1.5)
    at = [stats.norm.cdf(z + (z + q) / (1 - a * (z + q))) for q in stats.norm.ppf([0.025, 0.975])]
    found = paired_bootstrap(values.tolist(), seed=7, resamples=999)
    assert tuple(found) == pytest.approx(tuple(np.quantile(draws, at)), abs=1e-9)


def test_equal_differences_have_no_bootstrap_interval():
    assert paired_bootstrap([0.0, 0.0, 0.0]) is None
    assert paired_bootstrap([0.5]) is None


def test_holm_multiplies_the_smallest_by_all_and_never_falls():
    assert corrected([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.09, 0.09, 0.5])


@pytest.mark.parametrize("seed", range(10))
def test_holm_rejects_what_its_steps_reject(seed):
    p_values = np.random.default_rng(seed).uniform(0, 0.2, 8)
    ordered = np.sort(p_values)
    for alpha in (0.01, 0.05, 0.2, 0.6):
        stop = next((rank for rank, p in enumerate(ordered) if p > alpha / (8 - rank)), 8)
        rejected = set(ordered[:stop])
        assert {p for p, q in zip(p_values, corrected(p_values.tolist()), strict=True) if q <= alpha} == rejected


@pytest.mark.parametrize("seed", range(10))
def test_benjamini_hochberg_agrees_with_scipy(seed):
    p_values = np.random.default_rng(seed).uniform(0, 1, 9).tolist()
    reference = stats.false_discovery_control(p_values, method="bh")
    assert corrected(p_values, "benjamini_hochberg") == pytest.approx(reference, abs=1e-9)


def test_without_correction_p_values_stay():
    assert corrected([0.2, 0.1], "none") == [0.2, 0.1]


def test_problems_needed_shrink_as_the_difference_grows():
    assert needed(0.2, 0.4) == 77
    assert needed(0.05, 0.35) > 1000
    assert needed(0.0, 0.1) is None


@pytest.mark.parametrize(("problems", "square"), [(600, 0.2), (60, 0.3), (1319, 0.08)])
def test_the_detectable_difference_is_the_one_that_needs_as_many_problems(problems, square):
    found = detectable(problems, square)
    assert needed(found + 1e-9, square) <= problems < needed(found - 1e-4, square)


def test_where_no_problem_was_discordant_a_difference_brings_its_own():
    found = detectable(100, 0.0)
    assert needed(found + 1e-9, found) == 100
    assert detectable(2, 0.0) is None
    assert detectable(0, 0.5) is None
