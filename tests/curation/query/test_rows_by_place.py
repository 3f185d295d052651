from collections.abc import Iterator

import duckdb
import pytest

from curation.query import places


@pytest.fixture
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    """Three traces, a table in their order and one in another, which lacks a trace."""
    with duckdb.connect() as made:
        made.execute("CREATE TABLE traces AS FROM (VALUES ('a'), ('b'), ('c')) t(id)")
        made.execute("CREATE TABLE alike AS FROM (VALUES ('a', 1), ('b', 2), ('c', 3)) t(id, value)")
        made.execute("CREATE TABLE mixed AS FROM (VALUES ('c', 30), ('a', 10)) t(id, value)")
        yield made


def test_traces_that_are_not_here_have_no_place(cursor):
    assert places.places(cursor, ["c", "z", "a"]) == {"a": 0, "c": 2}


def test_rows_are_those_of_the_asked_ids_whatever_place_they_have(cursor):
    known = places.places(cursor, ["a", "b", "c"])
    assert places.rows(cursor, "alike", "id, value", {"b": 1}) == {"b": {"id": "b", "value": 2}}
    assert places.rows(cursor, "mixed", "id, value", known) == {
        "a": {"id": "a", "value": 10},
        "c": {"id": "c", "value": 30},
    }


def test_no_ids_are_no_rows(cursor):
    assert places.by_ids(cursor, "alike", "id, value", []) == {}
