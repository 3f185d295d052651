import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from curation.verifying.math_worker import MathWorker


@pytest.fixture
def worker():
    worker = MathWorker()
    yield worker
    worker.close()


def children():
    return [child for child in psutil.Process().children() if "curation.verifying.math_worker" in child.cmdline()]


def test_a_comparison_over_its_limit_is_killed_and_the_next_one_works(worker):
    with pytest.raises(TimeoutError, match="did not end within 1 s"):
        worker.equal("9^{9^{9}}", "9^{9^{8}}", 1)
    assert worker.equal("2x", "x+x", 5)


def test_it_works_off_the_main_thread(worker):
    found = []
    thread = threading.Thread(target=lambda: found.append(worker.equal("2x", "x+x", 5)))
    thread.start()
    thread.join()
    assert found == [True]


def test_a_worker_killed_from_outside_is_replaced(worker):
    before = {child.pid for child in children()}
    assert worker.equal("2x", "x+x", 5)
    (started,) = [child for child in children() if child.pid not in before]
    os.kill(started.pid, signal.SIGKILL)
    started.wait(5)
    assert worker.equal("3x", "x+2x", 5)


def test_unreadable_text_is_not_equal(worker):
    assert not worker.equal("\\frac{", "line\nbreak \ud800", 5)
    assert worker.equal("2x", "x+x", 5)


def test_closing_leaves_no_process(worker):
    before = {child.pid for child in children()}
    worker.equal("x", "x", 5)
    worker.close()
    assert {child.pid for child in children()} == before


def test_the_worker_ends_with_a_process_that_was_killed():
    program = (
        "import os, psutil; from curation.answers import compare; compare('2x', 'x+x');"
        "print(psutil.Process().children()[0].pid, flush=True); os.kill(os.getpid(), 9)"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, text=True, check=False)
    pid = int(done.stdout)
    if psutil.pid_exists(pid):
        psutil.wait_procs([psutil.Process(pid)], timeout=10)
    assert not psutil.pid_exists(pid)
