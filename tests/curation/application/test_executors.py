"""Batches in worker processes: order, errors, and no process left behind."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pyarrow as pa
import pytest

from curation.application.executors import Local, prepare

PROJECT = Path(__file__).resolve().parents[3]
ENDLESS = """
import time
from curation.application.executors import Local
if __name__ == "__main__":
    results = Local(2).map(len, (["x"] * n for n in range(1, 10**9)))
    for _ in range(3):
        next(results)
    print("started", flush=True)
    time.sleep(60)
"""


def double(number: int) -> int:
    if number < 0:
        raise ValueError(f"{number} is negative")
    return 2 * number


def process_of(number: int) -> int:
    return os.getpid()


def imports_of(number: int) -> tuple[bool, bool]:
    pa.array([str(number)])
    return "curation.tasks" in sys.modules, "pandas" in sys.modules


def test_workers_are_forked_from_a_process_that_imported_the_tasks_and_do_without_pandas():
    prepare()
    assert set(Local(2).map(imports_of, range(8))) == {(True, False)}


def test_results_come_in_batch_order():
    assert list(Local(2).map(double, range(20))) == list(range(0, 40, 2))


def test_few_batches_stay_in_this_process():
    assert set(Local(2).map(process_of, range(3))) == {os.getpid()}
    assert set(Local(2, small=8).map(process_of, range(7))) == {os.getpid()}
    assert os.getpid() not in set(Local(2, small=8).map(process_of, range(8)))


def test_many_batches_leave_this_process_and_the_next_step_finds_the_same_workers():
    local = Local(2)
    first, second = set(local.map(process_of, range(20))), set(local.map(process_of, range(20)))
    assert os.getpid() not in first
    assert len(first | second) <= 2


def test_batches_are_read_no_further_ahead_than_two_a_worker():
    read: list[int] = []
    results = Local(2).map(double, (read.append(n) or n for n in range(100)))
    assert next(results) == 0
    assert len(read) <= 4
    results.close()


def test_an_error_in_a_worker_is_raised_here():
    with pytest.raises(ValueError, match="-1 is negative"):
        list(Local(2).map(double, [1, 2, 3, 4, -1, 5]))


def test_workers_end_when_their_parent_is_killed(tmp_path):
    (tmp_path / "endless.py").write_text(ENDLESS)
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, str(tmp_path / "endless.py")]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == "started\n"
        workers = psutil.Process(parent.pid).children(recursive=True)
        parent.kill()
    assert len(workers) >= 2
    assert psutil.wait_procs(workers, timeout=10)[1] == []
