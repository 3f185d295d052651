"""Shifts: effect sizes against definitions written out, and the sentences about selection bias."""

import random

import duckdb
import pytest

from curation.tuning.shift import DELTA, Fifth, Quartiles, Share, Shift, lost_problems, shifts, warnings


@pytest.fixture
def connection():
    with duckdb.connect() as made:
        made.execute(
            "CREATE TABLE world AS SELECT * FROM (VALUES "
            "('p1', 0.0, 'ada', TRUE, TRUE), ('p1', 0.0, 'ada', TRUE, TRUE), ('p2', 0.5, 'ada', FALSE, TRUE), "
            "('p2', 0.5, 'bob', TRUE, TRUE), ('p3', 1.0, 'bob', FALSE, FALSE), ('p4', NULL, NULL, NULL, TRUE)"
            ") t(problem_id, difficulty, model, correct, kept)"
        )
        yield made


BEFORE, AFTER = "SELECT * FROM world", "SELECT * FROM world WHERE kept"


def test_a_number_is_compared_by_rank_and_its_unknown_rows_are_counted(connection):
    (shift,) = shifts(connection, BEFORE, AFTER, {"difficulty": "number"})
    # after 0 0 .5 .5 against before 0 0 .5 .5 1: 4 pairs above, 4 + 4 below, of 20
    assert (shift.effect, shift.magnitude) == (-0.2, "small")
    assert (shift.rows, shift.unknown) == ((6, 5), (1, 1))
    assert shift.quartiles == (Quartiles(0.0, 0.5, 0.5), Quartiles(0.0, 0.25, 0.5))
    assert sum(share.before for share in shift.shares) == pytest.approx(1)
    assert sum(share.after for share in shift.shares) == pytest.approx(1)


def test_categories_and_flags_are_compared_by_their_shares(connection):
    found = shifts(connection, BEFORE, AFTER, {"model": "category", "correct": "flag"})
    assert found == [
        Shift(
            "model", "category", (6, 5), (1, 1), pytest.approx(0.15),
            (Share("ada", 0.6, 0.75), Share("bob", 0.4, 0.25)),
        ),
        Shift(
            "correct", "flag", (6, 5), (1, 1), pytest.approx(0.15),
            (Share("true", 0.6, 0.75), Share("false", 0.4, 0.25)),
        ),
    ]  # fmt: skip
    assert [share.value for share in found[0].movers()] == ["ada", "bob"]


def test_the_effect_equals_its_definition_over_all_pairs():
    random_ = random.Random(1)
    before = [random_.randrange(12) for _ in range(90)]
    after = [value for value in before if random_.random() < 1 / (1 + value)]
    pairs = sum((a > b) - (a < b) for a in after for b in before)
    with duckdb.connect() as connection:
        values = [", ".join(f"({value})" for value in side) for side in (before, after)]
        queries = [f"SELECT * FROM (VALUES {side}) t(n)" for side in values]
        (shift,) = shifts(connection, *queries, {"n": "number"})
    assert shift.effect == pytest.approx(pairs / len(before) / len(after))


def test_what_only_one_side_knows_is_left_out(connection):
    assert shifts(connection, BEFORE, "SELECT model FROM world", {"difficulty": "number"}) == []


def test_no_row_left_gives_no_effect(connection):
    found = shifts(connection, BEFORE, f"{BEFORE} WHERE FALSE", {"difficulty": "number", "model": "category"})
    assert [(shift.effect, shift.magnitude, shift.rows) for shift in found] == [(None, "none", (6, 0))] * 2
    assert warnings(found) == []


def test_nothing_dropped_is_no_shift(connection):
    found = shifts(connection, BEFORE, BEFORE, {"difficulty": "number", "model": "category"})
    assert [(shift.effect, shift.magnitude) for shift in found] == [(0.0, "none"), (0.0, "none")]


def test_values_that_are_no_numbers_are_unknown():
    with duckdb.connect() as connection:
        query = "SELECT unnest([1.0, 'nan'::DOUBLE, 'inf'::DOUBLE]) AS n"
        (shift,) = shifts(connection, query, query, {"n": "number"})
    assert (shift.rows, shift.unknown, shift.effect) == ((3, 3), (2, 2), 0.0)


def test_lost_problems_are_counted_by_fifth_of_difficulty():
    with duckdb.connect() as connection:
        before = "SELECT 'p' || i AS problem_id, i / 10 AS difficulty FROM range(10) t(i)"
        fifths = lost_problems(connection, before, f"FROM ({before}) WHERE difficulty < 0.75")
        assert fifths == [
            Fifth(0.0, 0.1, 2, 0), Fifth(0.2, 0.3, 2, 0), Fifth(0.4, 0.5, 2, 0), Fifth(0.6, 0.7, 2, 0),
            Fifth(0.8, 0.9, 2, 2),
        ]  # fmt: skip
        assert lost_problems(connection, "SELECT 'p' AS problem_id", "SELECT 'p' AS problem_id") == []


def test_rows_that_became_easier_are_named_with_figures():
    quartiles = (Quartiles(0.2, 0.5, 0.8), Quartiles(0.0, 0.25, 0.5))
    shift = Shift("difficulty", "number", (9, 5), (0, 0), -0.42, (), quartiles)
    assert warnings([shift], [Fifth(0.0, 0.1, 20, 1), Fifth(0.8, 1.0, 10, 4)]) == [
        "The rows kept are easier: median difficulty 0.50 before, 0.25 after; Cliff's delta -0.42 (medium).",
        "The hardest problems are going: 4 of 10 with difficulty 0.80 and above have no row left (40%), against 5% "
        "of the easiest.",
    ]


def test_a_negligible_shift_is_no_warning():
    quartiles = (Quartiles(0.2, 0.5, 0.8), Quartiles(0.2, 0.49, 0.8))
    assert warnings([Shift("difficulty", "number", (9, 8), (0, 0), -DELTA[0][0] + 0.01, (), quartiles)]) == []
