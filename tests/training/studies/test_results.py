import json

import pytest

from training.studies.report import table
from training.studies.results import Finished, Outcome, outcomes, plain, read_outcomes, share, standard_error
from training.studies.study import Study

ONE = Outcome(
    labels=("pruned",), seeds=[0, 1], rows=1176, tokens_per_row=160.4, accuracies=[0.25, 0.75], accuracy=0.5, low=0.4,
    high=0.6, tokens_per_answer=116.2, tokens_low=110.0, tokens_high=122.4, tokens_per_correct=232.4,
    no_answer_rate=0.015, train_tokens=600_010.0, train_seconds=80.0, evaluate_seconds=5.0,
)  # fmt: skip
BARE = Outcome(
    labels=("a|b",), seeds=[0], rows=None, tokens_per_row=None, accuracies=[0.0], accuracy=0.0, low=0.0, high=0.3,
    tokens_per_answer=9.0, tokens_low=9.0, tokens_high=9.0, tokens_per_correct=None, no_answer_rate=1.0,
    train_tokens=None, train_seconds=None, evaluate_seconds=2.0, difference=-0.5, difference_low=-0.75,
    difference_high=-0.25,
)  # fmt: skip


def test_standard_error_adds_problems_and_seeds():
    # problem means 1, 0.5, 0.5, 0: variance 1/6, over 4; seed means 0.75 and 0.25: variance 1/8, over 2
    columns = [[1.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]]
    assert standard_error(columns) == pytest.approx((1 / 6 / 4 + 1 / 8 / 2) ** 0.5)


def test_one_seed_has_wilsons_interval_up_to_the_sample_variance():
    # 5 of 10 right: p(1-p) / SE^2 = 0.25 / (0.25 * 10/9 / 10) = 9 problems' worth
    assert share([[1.0] * 5 + [0.0] * 5]) == pytest.approx((0.5, 0.2265, 0.7735), abs=1e-4)


@pytest.mark.parametrize(("value", "low", "high"), [(0.0, 0.0, 0.2775), (1.0, 0.7225, 1.0)])
def test_all_wrong_or_all_right_is_not_certain(value, low, high):
    assert share([[value] * 10, [value] * 10]) == pytest.approx((value, low, high), abs=1e-4)


def test_table_shows_accuracy_with_interval_tokens_and_no_answer_together():
    assert table(["traces"], [ONE, BARE]).splitlines() == [
        "| traces | accuracy, 95 % interval | against the first row | each seed | tokens per answer | "
        "tokens per correct | no answer | rows | trained tokens | seconds |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        "| pruned | **0.50** 0.40 to 0.60 |  | 0.25 0.75 | 116 | 232 | 1.5% | 1,176 | 600,010 | 85 |",
        "| a/b | **0.00** 0.00 to 0.30 | -0.50 (-0.75 to -0.25) | 0.00 | 9 |  | 100.0% |  |  | 2 |",
    ]


def test_outcomes_go_through_json_unchanged():
    values = plain(Study.parse({"name": "s", "benchmark": "b"}), [ONE, BARE])
    assert read_outcomes(json.loads(json.dumps(values))) == [ONE, BARE]


def test_an_outcome_is_of_all_seeds_of_a_combination_and_drafts_do_not_count(evaluated):
    first = evaluated([("p", True, 10), ("p", False, 30), ("q", True, 20)], drafts=[("q", False, 999)])
    second = evaluated([("q", True, 20), ("p", False, 40)])
    trained = {"tokens_planned": 50, "rows_seen": 10, "tokens": 60, "seconds": 2.0}
    (one,) = outcomes(
        [Finished(("a",), 0, 5, trained, first), Finished(("a",), 1, 5, {**trained, "seconds": 4.0}, second)]
    )
    assert (one.labels, one.seeds, one.rows, one.tokens_per_row) == (("a",), [0, 1], 5, 5)
    assert one.accuracies == [0.75, 0.5]  # each problem counts once, however many attempts it had
    assert one.accuracy == 0.625
    assert (one.tokens_per_answer, one.train_tokens, one.train_seconds) == (25, 60, 3)
    assert one.tokens_per_correct == pytest.approx((60 + 60) / 3)


def test_a_difference_is_paired_by_problem_and_seed(evaluated):
    wrong = [(name, False, 1) for name in "abcd"]
    half = [(name, name in "ab", 1) for name in "abcd"]
    cells = [
        Finished((label,), seed, None, None, evaluated(rows))
        for label, rows in (("x", wrong), ("y", half))
        for seed in (0, 1)
    ]
    first, second = outcomes(cells)
    assert (first.difference, first.against_first()) == (None, "")
    # per problem 1, 1, 0, 0: variance 1/3, over 4 problems; both seeds alike
    error = (1 / 3 / 4) ** 0.5
    assert (second.difference_low, second.difference, second.difference_high) == pytest.approx(
        (0.5 - 1.96 * error, 0.5, 0.5 + 1.96 * error), abs=1e-4
    )


def test_other_problems_have_no_difference(evaluated):
    cells = [Finished((name,), 0, None, None, evaluated([(name, True, 1)])) for name in "xy"]
    assert [one.difference for one in outcomes(cells)] == [None, None]


def test_nothing_finished_is_no_outcome():
    assert outcomes([]) == []
