"""Two processes of a run without a student: how they begin, and how the end of one is the end of both."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import closing

import pytest

from curation.life import here, started
from curation.runs import PROJECT, Request, Run, Status, create, replace_text
from training.running.group import refusal

MEMBER = """
import sys
from pathlib import Path
from curation.errors import UserError
from training.running.group import work_together

def learn(job):
    print("begun", flush=True)
    order = sys.stdin.readline().strip()
    if order == "refuse":
        raise UserError("The disk of this machine is full.")
    if order == "break":
        raise ValueError("a bug")
    while order == "go on":
        job.check()

sys.exit(work_together(Path(sys.argv[1]), {"train": learn}))
"""


@pytest.fixture
def run(tmp_path) -> Run:
    inputs = {"processes": 2, "machines": ["a", "b"]}
    return create(tmp_path, Request(kind="train", worker="training.worker", title="t", inputs=inputs))


@pytest.fixture
def meet():
    """Starts processes of a run that meet on a free port; ends them."""
    members = []
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}

    def start(run, rank):
        environment = {**os.environ, **place, "RANK": str(rank), "WORLD_SIZE": "2"}
        member = subprocess.Popen(
            [sys.executable, "-c", MEMBER, str(run.folder)], cwd=PROJECT, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
        )  # fmt: skip
        members.append(member)
        return member

    yield start
    for member in members:
        member.kill()
        member.communicate()


@pytest.fixture
def both(run, meet):
    """The second process and the first, both at work."""
    second, first = meet(run, 1), meet(run, 0)
    assert (second.stdout.readline(), first.stdout.readline()) == ("begun\n", "begun\n")
    return first, second


def ended(member, order=""):
    """The exit code of a process, and what it logged."""
    log = member.communicate(f"{order}\n" if order else None)[1]
    return member.returncode, log


def told(member, order):
    member.stdin.write(f"{order}\n")
    member.stdin.flush()


def test_a_run_is_done_once_its_first_process_says_so(run, both):
    first, second = both
    assert ended(second, "end")[0] == 0
    assert run.status().state == "running"
    assert ended(first, "end")[0] == 0
    assert (run.status().state, run.status().error) == ("done", None)


def test_the_second_process_waits_while_the_first_is_not_there_whatever_an_earlier_one_left(run, meet):
    ran = Status(state="running", host=here(), pid=1, pid_started=-3600.0)
    replace_text(run.folder / "status.json", ran.model_dump_json())
    second = meet(run, 1)
    first = meet(run, 0)
    assert first.stdout.readline() == "begun\n"
    assert second.stdout.readline() == "begun\n"
    assert (run.status().state, run.status().pid) == ("running", first.pid)


def test_why_the_second_process_failed_is_why_the_run_failed(run, both):
    first, second = both
    told(first, "go on")
    assert ended(second, "break")[0] == 1
    assert ended(first)[0] == 2
    assert (run.status().state, run.status().error) == ("failed", f"Process 1 on {here()}: ValueError: a bug")


def test_a_first_process_that_fails_ends_the_second_which_waits_for_it(run, both):
    first, second = both
    assert ended(first, "refuse")[0] == 2
    assert second.wait(60) != 0
    assert (run.status().state, run.status().error) == ("failed", "The disk of this machine is full.")


def test_what_breaks_in_the_first_process_because_the_second_is_gone_is_told_as_that(run, both):
    first, second = both
    second.kill()
    code, log = ended(first, "break")
    assert (code, run.status().state) == (2, "failed")
    assert run.status().error == (
        f"Process 1 on {here()} is gone without a word: killed, often for want of memory, or its machine went down."
    )
    assert "ValueError: a bug" in log


def test_what_breaks_in_the_first_process_alone_is_its_own(run, both):
    first, second = both
    assert ended(first, "break")[0] == 1
    assert second.wait(60) != 0
    assert (run.status().state, run.status().error) == ("failed", "ValueError: a bug")


def test_a_killed_first_process_takes_the_second_with_it(run, both):
    first, second = both
    first.kill()
    assert second.wait(60) == 1
    first.wait()
    assert run.status().state == "lost"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_second_process_asked_to_stop_stops_the_run(run, both, number):
    first, second = both
    told(first, "go on")
    told(second, "go on")
    second.send_signal(number)
    assert (ended(second)[0], ended(first)[0]) == (1, 1)
    assert (run.status().state, run.status().error) == ("cancelled", f"Process 1 on {here()} was asked to stop.")


def test_a_wish_to_stop_of_an_earlier_time_stops_nothing_now(run, meet):
    run.cancel()
    assert run.status().state == "cancelled"
    second, first = meet(run, 1), meet(run, 0)
    assert (second.stdout.readline(), first.stdout.readline()) == ("begun\n", "begun\n")
    assert run.status().state == "running"


def test_a_run_is_not_worked_on_twice_at_once(run, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert refusal(run) is None
    working = Status(state="running", host=here(), pid=os.getppid(), pid_started=started(os.getppid()))
    replace_text(run.folder / "status.json", working.model_dump_json())
    assert refusal(run) == f"Run '{run.id}' is already running on {here()}; cancel it before resuming."


def test_other_processes_than_the_run_asked_for_leave_it_alone(run, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    assert refusal(run) == f"Run '{run.id}' is worked on by 2 processes, and 3 were started."
