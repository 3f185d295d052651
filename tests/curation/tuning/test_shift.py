"""Shifts: effect sizes against definitions written out, and the sentences about selection bias."""

import random
from collections import Counter

import numpy as np
import pytest

from curation.application.arrays import Coded
from curation.tuning.shift import DELTA, Fifth, Quartiles, Share, Shift, fifths_of, lost_problems, shift, warnings

WORLD = [("ada", 0.0, True), ("ada", 0.0, True), ("ada", 0.5, True), ("bob", 0.5, True), ("bob", 1.0, False),
         (None, None, True)]  # fmt: skip
NAMES, DIFFICULTIES = [row[0] for row in WORLD], [row[1] for row in WORLD]
LEFT = np.array([row[2] for row in WORLD])


def tally(rows):
    """How often each value occurs."""
    found = Counter(rows)
    return tuple(found), np.array(list(found.values()), int)


def chosen(rows):
    """The rows that are left."""
    return [row for row, left in zip(rows, LEFT, strict=True) if left]


def test_a_number_is_compared_by_rank_and_its_unknown_rows_are_counted():
    found = shift("difficulty", "number", tally(DIFFICULTIES), tally(chosen(DIFFICULTIES)))
    # after 0 0 .5 .5 against before 0 0 .5 .5 1: 4 pairs above, 4 + 4 below, of 20
    assert (found.effect, found.magnitude) == (-0.2, "small")
    assert (found.rows, found.unknown) == ((6, 5), (1, 1))
    assert found.quartiles == (Quartiles(0.0, 0.5, 0.5), Quartiles(0.0, 0.25, 0.5))
    assert sum(share.before for share in found.shares) == pytest.approx(1)
    assert sum(share.after for share in found.shares) == pytest.approx(1)


def test_categories_are_compared_by_their_shares():
    found = shift("model", "category", tally(NAMES), tally(chosen(NAMES)))
    assert found == Shift(
        "model", "category", (6, 5), (1, 1), pytest.approx(0.15), (Share("ada", 0.6, 0.75), Share("bob", 0.4, 0.25))
    )
    assert [share.value for share in found.movers()] == ["ada", "bob"]


def test_rows_counted_in_one_column_give_what_two_tallies_give():
    codes = Coded((None, "bob", "ada"), np.array([2, 2, 2, 1, 1, 0]))
    found = shift("model", "category", codes.whole, codes.of(np.flatnonzero(LEFT)))
    assert found == shift("model", "category", tally(NAMES), tally(chosen(NAMES)))


def test_the_effect_equals_its_definition_over_all_pairs():
    random_ = random.Random(1)
    before = [random_.randrange(12) for _ in range(90)]
    after = [value for value in before if random_.random() < 1 / (1 + value)]
    pairs = sum((a > b) - (a < b) for a in after for b in before)
    found = shift("n", "number", tally(before), tally(after))
    assert found.effect == pytest.approx(pairs / len(before) / len(after))


@pytest.mark.parametrize(("rows", "kind"), [(DIFFICULTIES, "number"), (NAMES, "category")])
def test_no_row_left_gives_no_effect(rows, kind):
    found = shift("n", kind, tally(rows), tally([]))
    assert (found.effect, found.magnitude, found.rows) == (None, "none", (6, 0))
    assert warnings([found]) == []


@pytest.mark.parametrize(("rows", "kind"), [(DIFFICULTIES, "number"), (NAMES, "category")])
def test_nothing_dropped_is_no_shift(rows, kind):
    found = shift("n", kind, tally(rows), tally(rows))
    assert (found.effect, found.magnitude) == (0.0, "none")


def test_values_that_are_no_numbers_are_unknown():
    found = shift("n", "number", *[tally([1.0, float("nan"), float("inf")])] * 2)
    assert (found.rows, found.unknown, found.effect) == ((3, 3), (2, 2), 0.0)


def test_lost_problems_are_counted_by_fifth_of_difficulty():
    difficulties = np.array([*(i / 10 for i in range(10)), np.nan])
    assert lost_problems(fifths_of(difficulties), difficulties >= 0.75) == [
        Fifth(0.0, 0.1, 2, 0), Fifth(0.2, 0.3, 2, 0), Fifth(0.4, 0.5, 2, 0), Fifth(0.6, 0.7, 2, 0),
        Fifth(0.8, 0.9, 2, 2),
    ]  # fmt: skip
    assert lost_problems(fifths_of(np.array([0.5, 0.5, 0.0])), np.array([True, False, False])) == [
        Fifth(0.0, 0.0, 1, 0), Fifth(0.5, 0.5, 2, 1)
    ]  # fmt: skip
    assert lost_problems(fifths_of(np.array([np.nan])), np.array([True])) == []


def test_rows_that_became_easier_are_named_with_figures():
    quartiles = (Quartiles(0.2, 0.5, 0.8), Quartiles(0.0, 0.25, 0.5))
    easier = Shift("difficulty", "number", (9, 5), (0, 0), -0.42, (), quartiles)
    assert warnings([easier], [Fifth(0.0, 0.1, 20, 1), Fifth(0.8, 1.0, 10, 4)]) == [
        "The rows kept are easier: median difficulty 0.50 before, 0.25 after; Cliff's delta -0.42 (medium).",
        "The hardest problems are going: 4 of 10 with difficulty 0.80 and above have no row left (40%), against 5% "
        "of the easiest.",
    ]


def test_a_negligible_shift_is_no_warning():
    quartiles = (Quartiles(0.2, 0.5, 0.8), Quartiles(0.2, 0.49, 0.8))
    assert warnings([Shift("difficulty", "number", (9, 8), (0, 0), -DELTA[0][0] + 0.01, (), quartiles)]) == []
