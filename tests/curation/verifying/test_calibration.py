import pyarrow as pa
import pytest

from curation.verifying.calibration import Calibration, calibrate


def test_each_verifier_is_held_against_what_people_said():
    table = pa.table(
        {
            "correct": [True, True, True, False, False, None, True],
            "correct_second": [True, None, None, True, False, True, None],
            "human_correct": [True, True, False, True, False, True, None],
        }
    )
    first, second = calibrate(table)
    assert (first.name, first.n) == ("correct", 5)
    assert first[2:] == pytest.approx((2 / 3, 0.2077, 0.9385, 2 / 3, 0.2077, 0.9385), abs=1e-4)
    assert (second.name, second.n) == ("correct_second", 4)
    assert second[2:] == pytest.approx((1.0, 0.4385, 1.0, 1.0, 0.4385, 1.0), abs=1e-4)


def test_what_nobody_can_know_yet_is_unknown():
    table = pa.table({"correct": [False, True], "human_correct": pa.array([False, None])})
    assert calibrate(table) == [Calibration("correct", 1, None, None, None, None, None, None)]
    assert calibrate(pa.table({"correct": pa.array([], pa.bool_()), "human_correct": pa.array([], pa.bool_())})) == [
        Calibration("correct", 0, None, None, None, None, None, None)
    ]


def test_columns_without_any_value_are_read_as_unknown():
    table = pa.table({"correct": pa.nulls(2), "correct_second": [True, True], "human_correct": pa.nulls(2)})
    assert [(row.name, row.n, row.precision) for row in calibrate(table)] == [
        ("correct", 0, None),
        ("correct_second", 0, None),
    ]
