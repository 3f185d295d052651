import duckdb
import pytest

from curation.errors import UserError
from curation.operators.keep_where import KeepWhere
from curation.spec import build

ROWS = """CREATE TABLE rows AS SELECT * FROM (VALUES
    ('a', 100, 0.5::DOUBLE, 'o''neil', TRUE), ('b', 812, 'nan'::DOUBLE, 'r1', FALSE), ('c', NULL, NULL, NULL, NULL)
) AS t(id, n_tokens, "odd ""name", model, correct)"""


def decided(**fields):
    decision = build(KeepWhere, fields).decide()
    with duckdb.connect() as connection:
        connection.execute(ROWS)
        found = connection.execute(
            f"SELECT id, {decision.value}, {decision.keep}, "
            f"CASE WHEN NOT ({decision.keep}) THEN {decision.reason} END, {decision.threshold} FROM rows ORDER BY id"
        )
        return found.fetchall()


def test_a_range_keeps_its_ends_and_says_what_was_found():
    assert decided(score="n_tokens", minimum=100, maximum=512) == [
        ("a", 100.0, True, None, 100.0),
        ("b", 812.0, False, "n_tokens is above 512", 512.0),
        ("c", None, False, "n_tokens is unknown", 512.0),
    ]


def test_one_bound_is_the_threshold():
    assert decided(score="n_tokens", minimum=512.5)[:2] == [
        ("a", 100.0, False, "n_tokens is below 512.5", 512.5),
        ("b", 812.0, True, None, 512.5),
    ]


def test_nan_is_unknown_and_names_are_quoted():
    assert [row[2:4] for row in decided(score='odd "name', minimum=0.1)] == [
        (True, None),
        (False, 'odd "name is unknown'),
        (False, 'odd "name is unknown'),
    ]


def test_unknown_can_be_kept():
    assert [row[2] for row in decided(score="n_tokens", maximum=512, unknown="keep")] == [True, False, True]


def test_categories():
    assert decided(score="model", values=["o'neil", "qwq"]) == [
        ("a", "o'neil", True, None, "o'neil, qwq"),
        ("b", "r1", False, "model is not o'neil or qwq", "o'neil, qwq"),
        ("c", None, False, "model is unknown", "o'neil, qwq"),
    ]


def test_flags():
    assert decided(score="correct", equals=True) == [
        ("a", True, True, None, True),
        ("b", False, False, "correct is false", True),
        ("c", None, False, "correct is unknown", True),
    ]
    assert [row[2] for row in decided(score="correct", equals=False)] == [False, True, False]


@pytest.mark.parametrize("fields", [{}, {"minimum": 1, "equals": True}, {"values": ["a"], "equals": False}])
def test_exactly_one_sort_of_condition_is_asked_for(fields):
    with pytest.raises(UserError, match="give minimum and/or maximum for a number, or values"):
        build(KeepWhere, {"score": "n_tokens", **fields})


def test_an_empty_range_is_refused():
    with pytest.raises(UserError, match="minimum 5 is above maximum 4"):
        build(KeepWhere, {"score": "n_tokens", "minimum": 5, "maximum": 4})
