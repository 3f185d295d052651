import pyarrow as pa
import pytest

from training.comparing.outcomes import (
    Group,
    Measures,
    chosen,
    counted,
    groups,
    measures,
    repeats,
    subjects,
    usual_tokens,
)
from training.evaluate import SAMPLES
from training.strategies.greedy import Greedy

ROW = {
    "problem_id": "a", "sample": 0, "subject": "sums", "question": "1+1?", "reference": "2", "output": "2",
    "answer": "2", "correct": True, "no_answer": False, "n_tokens": 3, "finish_reason": "stop", "seconds": 0.1,
    "draft": False, "facts": "{}",
}  # fmt: skip
WRONG = {**ROW, "problem_id": "b", "answer": "3", "correct": False}
CUT = {**WRONG, "problem_id": "c", "answer": None, "no_answer": True, "finish_reason": "length", "subject": None}
DRAFT = {**ROW, "draft": True, "sample": 1}


def table(*rows):
    return pa.Table.from_pylist(list(rows), schema=SAMPLES)


def ids(found):
    return found["problem_id"].to_pylist()


def test_drafts_do_not_count():
    assert counted(table(ROW, DRAFT, WRONG)) == table(ROW, WRONG)


@pytest.mark.parametrize(
    ("outcome", "wanted"),
    [
        ("wrong", ["b", "c"]),
        ("right", ["a"]),
        ("no_answer", ["c"]),
        ("cut", ["c"]),
        ("seen", ["b"]),
        ("all", ["b", "c", "a"]),
    ],
)
def test_answers_are_chosen_by_outcome(outcome, wanted):
    assert ids(chosen(table(ROW, WRONG, CUT), outcome, ["b", "gone"])) == wanted


def test_what_a_strategy_measures_is_told_from_what_all_evaluations_say():
    rows = [{"budget": 9, "accuracy": 0.5}]
    scores = {"student": "s", "clean": {"n": 1}, "contaminated_ids": [], "n": 3, "accuracy": 0.5, "pass@2": 0.7,
              "unscored": None, "budgets": rows, "members": []}  # fmt: skip
    assert measures(scores) == Measures({"pass@2": 0.7, "unscored": None}, {"budgets": rows})


def test_attempts_become_rows_by_k():
    found = repeats({"pass@4": 0.9, "pass@1": 0.5, "maj@4": 0.6, "avg@4": 0.5, "maj@1": None})
    assert found == [{"k": 1, "pass": 0.5}, {"k": 4, "pass": 0.9, "maj": 0.6}]
    assert repeats({"pass@1": 0.5, "avg@1": 0.5}) == []


def test_accuracy_by_group_counts_problems_not_attempts():
    samples = table(ROW, {**ROW, "correct": False}, WRONG, CUT)
    found = groups(samples, subjects(samples))
    assert [(group.name, group.problems, group.accuracy) for group in found] == [("sums", 2, 0.25), ("unknown", 1, 0)]
    assert all(group.low <= group.accuracy <= group.high for group in found)


def test_levels_are_in_the_order_of_their_numbers_and_one_group_is_none():
    samples = table(ROW, WRONG, CUT)
    found = groups(samples, {"a": "Level 10", "b": "Level 9"})
    assert [group.name for group in found] == ["Level 9", "Level 10", "unknown"]
    assert groups(samples, {}) == []
    assert isinstance(found[0], Group)


def test_usual_tokens_are_those_of_the_last_evaluation_with_the_same_strategy():
    greedy = Greedy(max_new_tokens=50)
    other = {"strategy": Greedy().dump(), "mean_tokens": 9.0, "n": 1}
    newest = {"strategy": greedy.dump(), "mean_tokens": 20.0, "n": 8, "problems": 4}
    oldest = {"strategy": greedy.dump(), "mean_tokens": 1.0, "n": 8}
    assert usual_tokens(greedy, [other, newest, oldest]) == 40.0
    assert usual_tokens(greedy, [oldest]) == 1.0
    assert usual_tokens(greedy, [other]) is None
