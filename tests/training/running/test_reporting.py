from types import SimpleNamespace

import pytest

from curation.errors import UserError
from curation.job import Job
from training.running.reporting import Reporter


def state(step, tokens, last=10):
    return SimpleNamespace(global_step=step, max_steps=last, num_input_tokens_seen=tokens)


def logs(loss=2.0, **more):
    return {"loss": loss, "learning_rate": 1e-3, "grad_norm": 1.0, **more}


def test_a_line_holds_pace_time_left_and_what_the_objective_logs(make_train_run):
    run = make_train_run()
    reporter = Reporter(Job(run), full_pace=1e9)
    reporter.began -= 10
    reporter.log(state(5, 1_000), logs(**{"rewards/margins": 0.5, "total_flos": 3.0, "odd": float("nan")}))
    reporter.began -= 10
    reporter.log(state(6, 4_000), logs())
    first, second = run.metrics()
    assert (first["step"], first["max_steps"], first["tokens"]) == (5, 10, 1_000)
    assert first["tokens_per_second"] == pytest.approx(100, rel=0.05)
    assert first["eta_seconds"] == pytest.approx(10, rel=0.05)
    assert first["rewards/margins"] == 0.5
    assert not {"total_flos", "odd"} & set(first)
    assert second["tokens_per_second"] == pytest.approx(300, rel=0.05)  # since the line before
    assert second["mfu"] == 0.0


def test_use_of_the_device_is_the_pace_against_the_full_one(make_train_run):
    run = make_train_run()
    reporter = Reporter(Job(run), full_pace=200)
    reporter.began -= 10
    reporter.log(state(1, 1_000), logs())
    assert run.metrics()[0]["mfu"] == pytest.approx(0.5, rel=0.05)


def test_time_spent_on_measuring_is_no_training_time(make_train_run):
    run = make_train_run()
    reporter = Reporter(Job(run))
    reporter.began -= 10
    reporter.measured(state(5, 1_000), {"held_out_loss": 1.5}, 4.0)
    line = run.metrics()[0]
    assert (line["held_out_loss"], round(line["seconds"]), round(line["eta_seconds"])) == (1.5, 6, 10)


@pytest.mark.parametrize("found", [logs(float("nan")), logs() | {"grad_norm": float("inf")}])
def test_a_loss_that_is_no_number_ends_the_run_with_advice(make_train_run, found):
    with pytest.raises(UserError, match=r"Training diverged: at step 3 .*Lower learning_rate or raise warmup_steps"):
        Reporter(Job(make_train_run())).log(state(3, 10), found)
