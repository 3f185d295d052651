"""Columns as arrays: read once until their table changes."""

import duckdb
import numpy as np
import pytest

from curation.application.arrays import MOST, Arrays


@pytest.fixture
def asked():
    return []


@pytest.fixture
def arrays(asked):
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE t AS SELECT * FROM (VALUES (1, 'b'), (NULL, 'a'), (3, NULL), (1, 'b')) v(n, name)"
    )

    def ask(query):
        asked.append(query)
        return connection.sql(query).to_arrow_table()

    return Arrays(ask)


def test_a_column_of_numbers_has_nan_where_unknown_and_is_read_once(arrays, asked):
    for _ in range(2):
        np.testing.assert_array_equal(arrays.numbers("t", "n"), [1.0, np.nan, 3.0, 1.0])
    assert len(asked) == 1


def test_a_column_by_its_values_counts_them_of_all_rows_or_of_some(arrays):
    found = arrays.coded("t", "name", "VARCHAR")
    values, counts = found.whole
    assert dict(zip(values, counts.tolist(), strict=True)) == {"b": 2, "a": 1, None: 1}
    values, counts = found.of(np.array([0, 1]))
    assert dict(zip(values, counts.tolist(), strict=True)) == {"b": 1, "a": 1, None: 0}


def test_what_is_made_of_a_table_is_made_anew_once_it_changed(arrays):
    made = []
    for table in ("t", "other", "u"):
        assert arrays.made("key", ["t", "u"], lambda: made.append(1) or len(made)) == len(made)
        arrays.forget(table)
    assert len(made) == 2


def test_what_was_not_used_for_long_is_forgotten(arrays):
    made = []
    for key in ("first", "second", *map(str, range(MOST - 1)), "second", "first"):
        arrays.made(key, [], lambda key=key: made.append(key) or key)
    assert made == ["first", "second", *map(str, range(MOST - 1)), "first"]
