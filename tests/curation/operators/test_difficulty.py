import duckdb
import pytest

from curation.operators.difficulty import Difficulty

ROWS = """CREATE TABLE rows AS SELECT * FROM (VALUES
    ('a', 'easy', 10, TRUE), ('b', 'easy', 20, TRUE), ('c', 'half', 30, TRUE), ('d', 'half', 40, FALSE),
    ('e', 'unchecked', 100, NULL), ('f', 'once', 50, TRUE), ('g', 'once', 70, NULL)
) AS t(id, problem_id, n_chars, correct)"""


def rated(operator):
    with duckdb.connect() as connection:
        connection.execute(ROWS)
        return connection.execute(f"SELECT * FROM ({operator.query()}) ORDER BY id").fetchall()


def test_pass_rate_where_enough_is_checked_else_the_rank_of_the_length():
    assert rated(Difficulty()) == [
        ("a", 0.0, "pass_rate", 1.0),
        ("b", 0.0, "pass_rate", 1.0),
        ("c", 0.5, "pass_rate", 0.5),
        ("d", 0.5, "pass_rate", 0.5),
        ("e", 1.0, "length_rank", None),
        ("f", pytest.approx(2 / 3), "length_rank", None),
        ("g", pytest.approx(2 / 3), "length_rank", None),
    ]


def test_one_checked_trace_can_be_enough():
    assert rated(Difficulty(min_traces=1))[5:] == [("f", 0.0, "pass_rate", 1.0), ("g", 0.0, "pass_rate", 1.0)]


def test_it_reads_the_named_flag():
    assert Difficulty(correct="given_correct").needs() == ("given_correct",)
