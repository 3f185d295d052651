"""Which rows a threshold decides most narrowly."""

import numpy as np

from curation.application.nearest import nearest

NAN = float("nan")


def near(rows, n):
    """The nearest values of rows (value, kept): those kept, then those dropped."""
    values, kept = np.array([value for value, _ in rows]), np.array([kept for _, kept in rows])
    return [rows[place] for place in nearest(values, kept, n)]


def test_the_nearest_of_both_sides_of_a_range_are_found():
    rows = [(1.0, False), (4.0, False), (5.0, True), (9.0, True), (20.0, True), (22.0, False), (40.0, False)]
    assert near(rows, 1) == [(5.0, True), (4.0, False)]
    assert near(rows, 2) == [(5.0, True), (20.0, True), (4.0, False), (22.0, False)]
    assert near(rows, 9) == [row for row in rows if row[1]] + [row for row in rows if not row[1]]


def test_of_equals_the_first_are_taken():
    values, kept = np.array([2.0, 1.0, 1.0, 2.0, 1.0]), np.array([True, False, False, True, False])
    assert nearest(values, kept, 1).tolist() == [0, 1]
    assert nearest(values, kept, 2).tolist() == [0, 3, 1, 2]


def test_unknown_values_are_left_out():
    assert near([(NAN, False), (3.0, True), (NAN, True)], 5) == [(3.0, True)]


def test_where_all_or_none_are_kept_the_first_stand_for_them():
    assert near([(1.0, True), (2.0, True)], 1) == [(1.0, True)]
    assert near([(1.0, False), (2.0, False)], 1) == [(1.0, False)]
