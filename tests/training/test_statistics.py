import pytest

from training.statistics import mcnemar, paired_difference, pairs_needed


def test_mcnemar_is_the_two_sided_binomial_of_discordant_pairs():
    assert mcnemar(1, 5) == pytest.approx(14 / 64)  # 2 * (C(6,0) + C(6,1)) / 2**6


def test_mcnemar_without_discordant_pairs_is_one():
    assert mcnemar(0, 0) == 1.0


def test_paired_difference_is_newcombes_published_interval():
    # Newcombe 1998, Statistics in Medicine 17:2635, table II, method 10
    assert tuple(paired_difference(36, 12, 2, 0)) == pytest.approx((0.0569, 0.3404), abs=5e-5)


def test_swapping_the_students_mirrors_the_interval():
    low, high = paired_difference(10, 7, 3, 5)
    assert tuple(paired_difference(10, 3, 7, 5)) == pytest.approx((-high, -low))


def test_pairs_needed_shrinks_as_the_difference_grows():
    assert pairs_needed(30, 10, 100) == 77
    assert pairs_needed(20, 15, 100) > 1000
    assert pairs_needed(5, 5, 100) is None
