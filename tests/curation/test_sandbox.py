import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import psutil
import pytest

from curation.sandbox import Limits, Outcome, Sandbox

TIGHT = Limits(seconds=0.5, memory_mb=64, recursion=200, output=1000)


@pytest.fixture(scope="module")
def sandbox():
    sandbox = Sandbox()
    yield sandbox
    sandbox.close()


def ending(sandbox, program):
    return sandbox.run(program, TIGHT).ending


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("while True: pass", "out of time"),
        ("while True:\n  try:\n    while True: pass\n  except BaseException: pass", "out of time"),
        ("import itertools\nsum(itertools.count())", "out of time"),
        ("import math\nmath.factorial(10**7)", "out of time"),
        ("10**10**9", "out of memory"),
        ("'a' * 10**12", "out of memory"),
        ("held = [1]\nwhile True: held = held + held", "out of memory"),
        ("list(range(10**9))", "out of memory"),
        ("f'{1:>1000000000}'", "out of memory"),
        ("'x' * (60 << 20)", "out of memory"),
        ("def f(n): return f(n + 1)\nf(0)", "raised"),
        ("1 / 0", "raised"),
        ("raise SystemExit", "raised"),
        ("raise TimeoutError('feed time limit')", "raised"),
        ("ans = 3 + missing", "raised"),
        ("while True: print('x' * 100)", "too much output"),
        ("try:\n  print('x' * 2000)\nexcept BaseException: pass\nwhile True: pass", "too much output"),
        ("10**5000", "too much output"),
        ("'x' * 5000", "too much output"),
        ("open('/etc/passwd').read()", "forbidden"),
        ("open('/tmp/planted', 'w').write('x')", "forbidden"),
        ("from pathlib import Path\nPath('/etc/passwd').read_text()", "forbidden"),
        ("import socket\nsocket.socket()", "forbidden"),
        ("import subprocess\nsubprocess.run(['ls'])", "forbidden"),
        ("__import__('os').system('ls')", "forbidden"),
        ("import os\nos.environ", "forbidden"),
        ("import os\nos.fork()", "forbidden"),
        ("import ctypes\nctypes.string_at(0)", "forbidden"),
        ("def numbers():\n  while True: yield 1\nsum(numbers())", "forbidden"),
        ("input()", "forbidden"),
        ("#" * (2 << 20), "forbidden"),
        ("def (", "syntax error"),
        ("(" * 5000 + ")" * 5000, "syntax error"),
        ("-" * 100_000 + "1", "syntax error"),
        ("\x00", "syntax error"),
    ],
)
def test_a_hostile_program_ends_in_a_verdict_and_the_next_one_runs(sandbox, program, expected):
    assert ending(sandbox, program) == expected
    assert sandbox.run("1 + 1").value == "2"


@pytest.mark.parametrize(
    ("program", "value"),
    [
        ("ans = 7\nprint(8)", "7"),
        ("def ans():\n  return 7\nprint(8)", "7"),
        ("if False:\n  ans = 3\nprint(4)", "4"),
        ("1 + 1", "2"),
        ("print(1)\nprint('The answer is 7')\n", "The answer is 7"),
        ("def solution():\n  return 6", "6"),
        ("def helper(x):\n  return x\ndef solution(y=3):\n  return y", "3"),
        ("if __name__ == '__main__':\n  print(5)", "5"),
        ("import numpy as np\nans = 3.5", "3.5"),
        ("from decimal import Decimal\nDecimal('1.10')", "1.10"),
        ("float('nan')", "nan"),
        ("'\\ud800'", "\ufffd"),
        ("'é' + '日'", "é日"),
        ("ans = [1, (2, None)]", "[1, (2, None)]"),
        ("held = []\nheld.append(held)\nans = held", "['[...]']"),
        ("import time\ntime.sleep(1000)\n3", "3"),
        ("ans = None", None),
        ("x = 1", None),
        ("", None),
    ],
)
def test_a_finished_program_gives_its_answer_as_text(sandbox, program, value):
    found = sandbox.run(program, TIGHT)
    assert (found.ending, found.value) == ("finished", value)


def test_an_outcome_holds_what_was_printed_and_where_it_failed(sandbox):
    assert sandbox.run("print(1)\nprint(2)\n3") == Outcome("finished", "3", "1\n2\n")
    assert sandbox.run("print(1)\nx = 1 / 0") == Outcome(
        "raised", None, "1\n", "line 2: ZeroDivisionError: division by zero"
    )
    assert sandbox.run("while True: print('ab')", Limits(output=5)) == Outcome(
        "too much output", None, "ab\nab", "printed more than 5 characters"
    )


def test_the_result_may_have_another_name(sandbox):
    assert sandbox.run("total = 5\nprint(6)", result="total").value == "5"


def test_chance_and_time_are_the_same_in_each_run(sandbox):
    program = "import random, datetime\n(random.random(), datetime.datetime.now())"
    assert sandbox.run(program) == sandbox.run(program)


def test_programs_share_nothing(sandbox):
    sandbox.run("ans = 5")
    assert sandbox.run("ans").reason == "line 1: NameError: name 'ans' is not defined"


def test_a_sandbox_lost_from_outside_is_replaced():
    sandbox = Sandbox()
    known = set(psutil.Process().children())
    assert sandbox.run("1").value == "1"
    (child,) = set(psutil.Process().children()) - known
    killer = threading.Timer(0.3, lambda: child.send_signal(signal.SIGKILL))
    killer.start()
    assert sandbox.run("while True: pass", Limits(seconds=20)).ending == "crashed"
    assert sandbox.run("2").value == "2"
    sandbox.close()


def test_an_interpreter_killed_from_outside_is_replaced():
    sandbox = Sandbox()
    known = set(psutil.Process().children())
    sandbox.run("1")
    (child,) = set(psutil.Process().children()) - known
    (interpreter,) = child.children()
    interpreter.kill()
    outcomes = {sandbox.run("2").ending, sandbox.run("2").ending}
    assert outcomes <= {"crashed", "finished"}
    assert sandbox.run("2").value == "2"
    sandbox.close()


def test_its_processes_have_no_environment_no_files_and_end_with_it():
    sandbox = Sandbox()
    known = set(psutil.Process().children())
    sandbox.run("1")
    (child,) = set(psutil.Process().children()) - known
    family = [child, *child.children()]
    assert [process.environ().keys() & os.environ.keys() for process in family] == [set(), set()]
    assert {process.rlimit(psutil.RLIMIT_FSIZE) for process in family} == {(0, 0)}
    assert {process.rlimit(psutil.RLIMIT_AS) for process in family} == {(2 << 30, 2 << 30)}
    sandbox.close()
    assert psutil.wait_procs(family, timeout=10)[1] == []


def test_it_runs_off_the_main_thread_and_in_worker_processes(sandbox):
    found = []
    threads = [threading.Thread(target=lambda n=n: found.append(sandbox.run(f"{n} + 1").value)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["1", "2", "3", "4"]
    for method in ("spawn", "fork"):
        with ProcessPoolExecutor(1, get_context(method)) as pool:
            assert pool.submit(run_in_worker, "1 + 1").result() == "2"


def run_in_worker(program):
    from curation.sandbox import SANDBOX

    value = SANDBOX.run(program).value
    SANDBOX.close()
    return value
