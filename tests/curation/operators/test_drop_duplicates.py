import duckdb

from curation.operators.drop_duplicates import DropDuplicates

ROWS = """CREATE TABLE rows AS SELECT * FROM (VALUES
    ('a', 1, 'p', 'm', 'k', 30), ('b', 2, 'p', 'm', 'k', 30), ('c', 3, 'p', 'n', 'l', 10), ('d', 4, 'q', 'm', 'o', 20)
) AS t(id, pos, problem_id, model, text_key, n_chars)"""


def decided(**fields):
    decision = DropDuplicates(**fields).decide()
    with duckdb.connect() as connection:
        connection.execute(ROWS)
        found = connection.execute(
            f"SELECT id, {decision.value}, {decision.keep}, {decision.reason} FROM rows ORDER BY pos"
        )
        return [(name, value, None if keep else reason) for name, value, keep, reason in found.fetchall()]


def test_the_first_of_the_same_text_stays_and_is_named():
    assert decided() == [("a", 1, None), ("b", 2, "same text as a"), ("c", 1, None), ("d", 1, None)]


def test_one_row_a_problem_can_be_the_shortest():
    assert decided(over="problem", keep="shortest") == [
        ("a", 2, "same problem as c"),
        ("b", 3, "same problem as c"),
        ("c", 1, None),
        ("d", 1, None),
    ]


def test_one_row_a_problem_and_model_can_be_the_longest():
    assert decided(over="problem_and_model", keep="longest") == [
        ("a", 1, None),
        ("b", 2, "same problem and model as a"),
        ("c", 1, None),
        ("d", 1, None),
    ]
