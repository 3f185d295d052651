from training.studies.grid import Axis, Point
from training.studies.results import Outcome
from training.studies.view import Heat, Line, board, counted, first_axis, heat, lines, table

KIND = Axis("kind", (Point("raw", {}), Point("pruned", {})))
SHARE = Axis("share", (Point("0.2", {}), Point("1", {})))


def outcome(labels, accuracy, tokens=10.0):
    return Outcome(
        labels=labels, seeds=[0, 1], rows=4, tokens_per_row=20.0, accuracies=[accuracy, accuracy], accuracy=accuracy,
        low=accuracy - 0.25, high=accuracy + 0.25, tokens_per_answer=tokens, tokens_low=tokens - 1,
        tokens_high=tokens + 1, tokens_per_correct=None, no_answer_rate=0.25, train_tokens=600.0, train_seconds=2.0,
        evaluate_seconds=1.0,
    )  # fmt: skip


FOUND = [outcome(("pruned", "1"), 0.75), outcome(("raw", "1"), 0.5, 30.0), outcome(("raw", "0.2"), 0.25)]


def test_charts_are_drawn_against_the_knob_of_numbers():
    assert first_axis([KIND, SHARE]) == 1
    assert first_axis([KIND]) == 0


def test_the_other_knobs_make_the_lines_and_numbers_are_in_order():
    assert lines(FOUND, [KIND, SHARE], 1, "accuracy") == [
        Line("raw", [0.2, 1.0], [0.25, 0.5], [0.0, 0.25], [0.5, 0.75]),
        Line("pruned", [1.0], [0.75], [0.5], [1.0]),
    ]


def test_names_stay_in_the_order_they_are_written():
    assert lines(FOUND, [KIND, SHARE], 0, "tokens") == [
        Line("1", ["raw", "pruned"], [30.0, 10.0], [29.0, 9.0], [31.0, 11.0]),
        Line("0.2", ["raw"], [10.0], [9.0], [11.0]),
    ]


def test_a_map_leaves_out_what_is_not_finished():
    assert heat(FOUND, [KIND, SHARE], "accuracy") == Heat(
        ["raw", "pruned"],
        ["0.2", "1"],
        [[0.25, None], [0.5, 0.75]],
        [
            ["25.0% (0.0% to 50.0%)<br>10 tokens", "not finished"],
            ["50.0% (25.0% to 75.0%)<br>30 tokens", "75.0% (50.0% to 100.0%)<br>10 tokens"],
        ],
    )


def test_a_row_never_shows_accuracy_alone():
    assert table(FOUND[:1], [KIND, SHARE]) == [
        {
            "kind": "pruned", "share": "1", "Accuracy": 0.75, "95 % from": 0.5, "95 % to": 1.0,
            "Against the first row": "", "Seeds": 2,
            "Tokens per answer": 10.0, "Tokens per correct": None, "No answer": 0.25, "Rows": 4,
            "Trained tokens": 600.0, "Seconds": 3.0,
        }
    ]  # fmt: skip


def test_a_cell_that_was_running_when_the_study_ended_has_stopped():
    cell = {"labels": ["raw"], "seed": 0, "state": "running", "runs": {}}
    failed = {**cell, "state": "failed", "error": "no rows"}
    (stopped, other) = board([cell, failed], ["kind"], active=False)
    assert stopped == {
        "kind": "raw", "Seed": 0, "State": "stopped", "Accuracy": None, "Tokens per answer": None, "No answer": None,
        "Reason": None,
    }  # fmt: skip
    assert other["Reason"] == "no rows"
    assert [row["State"] for row in board([cell], ["kind"], active=True)] == ["running"]
    assert counted([stopped, other, other]) == "2 failed, 1 stopped"
