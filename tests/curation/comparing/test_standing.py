from statistics import fmean

import numpy as np
import pyarrow as pa
import pytest

from curation.comparing.judge_bias import length_bias
from curation.comparing.standing import Step, standing
from curation.intervals import wilson

SCORES = [1.0, 2.0, 2.0, 3.0, 4.0, 4.0, 5.0, 5.0, None, 3.0]
PEOPLE = [False, False, False, False, True, True, True, True, True, None]


def table(scores=SCORES, people=PEOPLE, **columns):
    ids = [f"{place:02d}" for place in range(len(scores))]
    return pa.table({"id": ids, "judge_quality": scores, "human_correct": people, **columns})


def test_a_score_has_a_threshold_and_what_thresholds_are_worth_on_rows_they_were_not_chosen_on():
    found = standing(table(), "judge_quality")
    assert (found.name, found.n, found.threshold) == ("judge_quality", 8, (3.5, 1.0, 1.0))
    # one half holds 1, 2, 4, 5 and cuts at 3, so that the 3 of the other half is called right
    assert (found.held_out.n, found.held_out.agreed, found.held_out.kappa) == (8, 0.875, 0.75)
    assert found.ranks.rho == pytest.approx(32 / 36)


def test_the_share_people_call_right_is_told_for_each_score():
    found = standing(table([1.0, 1.0, 2.0], [True, False, True]), "judge_quality").steps
    assert found == (Step(1, 1, 2, 0.5, wilson(1, 2)), Step(2, 2, 1, 1.0, wilson(1, 1)))


def test_a_fine_scale_is_told_in_fifths_that_hold_every_row_once():
    scores = [float(n) for n in range(50)]
    steps = standing(table(scores, [score >= 25 for score in scores]), "judge_quality").steps
    assert [(step.n, step.right) for step in steps] == [(10, 0), (10, 0), (10, 0.5), (10, 1), (10, 1)]


def test_a_threshold_chosen_by_chance_is_worth_less_on_other_rows():
    fitted, held_out = [], []
    for seed in range(10):
        random = np.random.default_rng(seed)
        scores, people = random.random(40).tolist(), (random.random(40) < 0.5).tolist()
        found = standing(table(scores, people), "judge_quality")
        fitted.append(found.threshold.kappa)
        held_out.append(found.held_out.kappa)
    assert fmean(fitted) > 0.1
    assert fmean(held_out) < 0.05


def test_length_is_looked_at_where_it_is_known():
    lengths = [float(n) for n in range(10)]
    found = standing(table(n_tokens=lengths, correct=PEOPLE), "judge_quality")
    assert found.length == length_bias(SCORES, lengths, PEOPLE)
    assert standing(table(), "judge_quality").length.rows.n == 0


def test_before_anybody_judged_all_is_unknown():
    found = standing(table([3.0, float("nan")], [None, True]), "judge_quality")
    assert (found.n, found.threshold, found.steps, found.held_out.kappa) == (0, None, (), None)
