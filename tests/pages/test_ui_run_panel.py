import pytest

from curation.runs import Status
from pages.ui.runs import run_panel


def test_progress_is_the_last_line_that_counts():
    metrics = [{"done": 1, "total": 9, "label": "rows"}, {"done": 4, "total": 9, "label": "rows"}, {"loss": 1.0}]
    assert run_panel.progress(metrics) == (4, 9, "rows")


def test_training_counts_steps():
    assert run_panel.progress([{"step": 3, "max_steps": 30, "loss": 2.0}]) == (3, 30, "Steps")


def test_nothing_counted_yet_is_no_progress():
    assert run_panel.progress([]) == (0, 0, "")


def test_time_left_follows_the_pace_of_the_present_stage():
    metrics = [
        {"done": 9, "total": 10, "label": "read", "time": 100.0},
        {"done": 0, "total": 10, "label": "write", "time": 101.0},
        {"done": 5, "total": 10, "label": "write", "time": 111.0},
    ]
    assert run_panel.eta(metrics) == pytest.approx(10.0)


def test_time_left_is_unknown_before_there_is_a_pace():
    assert run_panel.eta([{"done": 1, "total": 10, "label": "", "time": 1.0}]) is None


def test_a_trainer_that_knows_its_time_left_is_believed():
    assert run_panel.eta([{"step": 1, "max_steps": 9, "eta_seconds": 42}]) == 42.0


@pytest.mark.parametrize(("seconds", "shown"), [(3.4, "3 s"), (600, "10 min"), (7325, "2:02:05")])
def test_durations_are_said_as_people_say_them(seconds, shown):
    assert run_panel.duration(seconds) == shown


@pytest.mark.parametrize(
    ("status", "beginning"),
    [
        (Status(state="lost"), "Its process was killed"),
        (Status(state="failed", error="ValueError: a bug"), "This is a defect"),
        (Status(state="failed", error="Memory ran out. Lower batch_tokens (9): it helps."), "Mend what the message"),
    ],
)
def test_what_to_do_depends_on_how_the_run_ended(status, beginning):
    assert run_panel.advice(status).startswith(beginning)


def test_the_last_line_of_a_log_is_the_last_that_says_something():
    assert run_panel.last_line("Traceback\n  at x\nKilled\n\n  \n") == "Killed"
    assert run_panel.last_line("") == "The log is empty."


def test_a_server_tells_its_state_instead():
    assert run_panel.progress([{"state": "starting", "seconds": 0.0}]) == (0, 0, "starting")
