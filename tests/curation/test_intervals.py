import pytest

from curation.intervals import wilson


def test_wilson_of_81_in_263_is_newcombes_published_interval():
    assert tuple(wilson(81, 263)) == pytest.approx((0.2553, 0.3662), abs=5e-5)  # Newcombe 1998, table I, method 3


def test_wilson_of_none_correct_starts_at_zero_and_ends_above_it():
    assert tuple(wilson(0, 20)) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_wilson_of_no_observations_is_unknown():
    assert wilson(0, 0) is None
