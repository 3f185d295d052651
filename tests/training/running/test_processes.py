import pytest
from worlds import ended, sums, wait

from curation.backends.transformers_model import load
from curation.runs import create
from training.launch import train_request
from training.objectives.sft import Sft
from training.running import checkpoints
from training.running.processes import agreed, count, falls_to_me, is_first
from training.student import resolve


def test_one_process_is_the_first_and_agrees_with_itself():
    assert (count(), is_first(), agreed({"step": 3})) == (1, True, {"step": 3})
    assert all(falls_to_me(part) for part in range(3))


@pytest.mark.slow
def test_two_processes_train_one_student_stop_together_and_go_on_from_their_checkpoint(
    make_set, student_folder, tmp_path
):
    student = resolve(str(student_folder), tmp_path / "runs")
    objective = Sft(max_train_tokens=24_000, batch_tokens=200, held_out=0.2, eval_steps=10, eval_problems=0)
    run = create(tmp_path / "runs", train_request(make_set(sums(20)), objective, student, processes=2))
    run.launch()
    wait(lambda: any("loss" in line for line in run.metrics()))
    assert run.status().state == "running"
    run.cancel()
    assert ended(run).state == "cancelled", run.log_tail()
    at = checkpoints.step(checkpoints.last(run.out / "checkpoints" / "0"))
    run.launch()
    assert ended(run).state == "done", run.log_tail()
    scores = run.result("scores.json")
    found = [line["step"] for line in run.metrics() if "loss" in line]
    assert (scores["processes"], scores["steps"], found) == (2, found[-1], sorted(set(found)))
    assert found[-1] > at
    assert load(str(run.out / "model")).model.num_parameters() > 0
