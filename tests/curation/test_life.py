"""Whether a worker lives, seen from its own machine and from another."""

import os
from time import time

import pytest

from curation.errors import UserError
from curation.life import BEAT, HEART, SILENT, beating, here, started
from curation.runs import Request, Run, Status, create, replace_text


@pytest.fixture
def run(tmp_path) -> Run:
    return create(tmp_path, Request(kind="train", worker="training.worker", title="t"))


def working(run: Run, host: str, pid: int | None = None) -> None:
    pid = pid or os.getpid()
    status = Status(state="running", host=host, pid=pid, pid_started=started(pid))
    replace_text(run.folder / "status.json", status.model_dump_json())


def heard(run: Run, seconds: float) -> None:
    """The worker gave a sign of life so many seconds ago."""
    (run.folder / HEART).touch()
    os.utime(run.folder / HEART, (time() - seconds,) * 2)


def test_on_its_own_machine_a_process_lives_whatever_its_heart_says(run):
    working(run, here())
    heard(run, 10 * SILENT)
    assert run.status().state == "running"


def test_a_process_of_another_machine_is_never_taken_for_one_of_this_one(run):
    working(run, "gpu1")  # with the id and the start of this very process
    assert run.status().state == "lost"


@pytest.mark.parametrize(("seconds", "state"), [(BEAT, "running"), (SILENT + 1, "lost")])
def test_on_another_machine_a_worker_lives_while_its_heart_beats(run, seconds, state):
    working(run, "gpu1", pid=1)
    heard(run, seconds)
    assert run.status().state == state


def test_a_worker_just_launched_on_another_machine_is_queued(run):
    launched = Status(host="gpu1", pid=7, pid_started=1.0)
    replace_text(run.folder / "launch.json", launched.model_dump_json(include={"host", "pid", "pid_started"}))
    assert run.status() == launched
    with pytest.raises(UserError, match=f"Run '{run.id}' is already queued; cancel it before resuming"):
        run.launch()


def test_a_heart_beats_as_long_as_the_work_lasts(run):
    heard(run, 10 * SILENT)
    with beating(run.folder):
        while time() - (run.folder / HEART).stat().st_mtime > BEAT:
            pass
    assert not (run.folder / HEART).exists()


def test_a_run_of_several_machines_waits_for_them_and_is_launched_on_none_alone(tmp_path):
    inputs = {"processes": 2, "machines": ["gpu1:29600", "gpu2"]}
    run = create(tmp_path, Request(kind="train", worker="training.worker", title="t", inputs=inputs))
    assert run.status().state == "queued"
    with pytest.raises(UserError, match=f"is started on each of its machines; python -m training resume {run.id}"):
        run.launch()
    assert run.status().state == "queued"
    run.cancel()
    assert run.status().state == "cancelled"


def test_each_of_several_machines_has_a_command(tmp_path):
    inputs = {"processes": 4, "machines": ["gpu1", "gpu2"]}
    run = create(tmp_path, Request(kind="train", worker="training.worker", title="t", inputs=inputs))
    told = [dict(zip(command[4:-3:2], command[5:-3:2], strict=True)) for command in (run.command(0), run.command(1))]
    shared = {
        "--num_processes": "4", "--num_machines": "2", "--mixed_precision": "no", "--dynamo_backend": "no",
        "--main_process_ip": "gpu1", "--main_process_port": "29500",
    }  # fmt: skip
    assert told == [shared | {"--machine_rank": "0"}, shared | {"--machine_rank": "1"}]
