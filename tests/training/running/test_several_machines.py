"""Two machines train one student: as one machine with two processes does, and never one without the other."""

import signal

import pytest
from machines import Machine, names
from worlds import ended, sums, wait

from curation.life import here
from curation.runs import create
from training.launch import on_machines, train_request
from training.objectives.sft import Sft
from training.running import checkpoints
from training.student import resolve

LONG = {"max_train_tokens": 48_000, "batch_tokens": 200, "save_steps": 10}
pytestmark = pytest.mark.machines


@pytest.fixture
def make_run(make_set, student_folder, tmp_path):
    """A run of two processes, on as many machines as are named."""

    def make(machines=(), student=str(student_folder), **parameters):
        request = train_request(make_set(sums(20)), Sft(**parameters), resolve(student, tmp_path), processes=2)
        return create(tmp_path / "runs", on_machines(request, machines) if machines else request)

    return make


@pytest.fixture
def start():
    """Starts both machines of a run, the second one first; switches them off in the end."""
    started = []

    def begin(run):
        both = {number: Machine(run, number) for number in (1, 0)}
        started.extend(both.values())
        return both[0], both[1]

    yield begin
    for machine in started:
        machine.switch_off()


def logs(*machines):
    return "\n".join(machine.log.read_text() for machine in machines)


def learned(run):
    """What a run came to: its losses by step, its facts but the times, its weights."""
    losses = [(line["step"], line["loss"]) for line in run.metrics() if "loss" in line]
    facts = {name: value for name, value in run.result("scores.json").items() if name != "seconds"}
    return losses, facts, (run.out / "model" / "model.safetensors").read_bytes()


def test_two_machines_train_the_base_student_as_two_processes_of_one_machine_do(make_run, start):
    alone = make_run(student="base", max_train_tokens=6_000, batch_tokens=400)
    alone.launch()
    assert ended(alone).state == "done", alone.log_tail()
    run = make_run(names(), student="base", max_train_tokens=6_000, batch_tokens=400)
    assert run.status().state == "queued"
    first, second = start(run)
    wait(lambda: run.status().state == "running")
    assert (run.status().host, here()) == ("gpu1", here())
    assert (first.ended(), second.ended()) == (0, 0), logs(first, second)
    assert run.status().state == "done"
    assert learned(run) == learned(alone)


def test_a_stop_or_a_loss_of_the_second_machine_ends_both_and_the_run_goes_on_from_its_checkpoint(make_run, start):
    run = make_run(names(), **LONG)
    first, second = start(run)
    wait(lambda: any("loss" in line for line in run.metrics()))
    second.launcher.send_signal(signal.SIGTERM)
    assert (first.ended() != 0, second.ended() != 0) == (True, True)
    assert run.status().state == "cancelled", logs(first, second)
    assert run.status().error == "Process 1 on gpu2 was asked to stop."
    at = checkpoints.step(checkpoints.last(run.out / "checkpoints" / "0"))
    first, second = start(run)
    wait(lambda: any(line.get("step", 0) > at for line in run.metrics()))
    second.switch_off()
    assert first.ended() != 0
    assert run.status().state == "failed", logs(first, second)
    assert run.status().error.startswith("Process 1 on gpu2 is gone without a word: killed")
    first, second = start(run)
    assert (first.ended(), second.ended()) == (0, 0), logs(first, second)
    unbroken = make_run(**LONG)
    unbroken.launch()
    assert ended(unbroken).state == "done", unbroken.log_tail()
    assert learned(run)[2] == learned(unbroken)[2]
