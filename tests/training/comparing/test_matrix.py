from answered import evaluated

from training.comparing.matrix import Wanted, matrix, select, subjects

ROWS = matrix(
    [
        evaluated("a", {"p": [1], "qq": [1, 0], "r": [0], "s": [None]}),
        evaluated("b", {"p": [0], "qq": [1, 1], "r": [0], "t": [1]}, trained_on="t"),
        evaluated("c", {"p": [1], "t": [None]}),
    ]
)


def listed(**wanted):
    return [row.question for row in select(ROWS, Wanted(**wanted))]


def test_every_problem_is_a_row_and_every_student_a_share():
    assert [(row.question, row.shares()) for row in ROWS] == [
        ("p", (1, 0, 1)), ("qq", (0.5, 1, None)), ("r", (0, 0, None)), ("s", (0, None, None)), ("t", (None, 1, 0)),
    ]  # fmt: skip
    assert [row.trained_on for row in ROWS][-1] == (False, True, False)


def test_rows_are_chosen_by_who_is_right():
    assert listed(outcome="only_a") == ["p"]
    assert listed(outcome="only_b") == ["qq"]
    assert listed(outcome="neither") == ["r"]
    assert listed(a=2, b=1, outcome="only_a") == ["p"]


def test_a_problem_one_was_trained_on_has_no_outcome():
    assert listed(a=1, b=2, outcome="only_a") == []


def test_rows_are_chosen_by_subject_and_missing_answer():
    assert subjects(ROWS) == ["even", "no subject"]
    assert listed(subject="even") == ["qq"]
    assert listed(no_answer=0) == ["s"]
    assert listed(no_answer=2) == ["t"]
    assert listed(no_answer=2, subject="even") == []
