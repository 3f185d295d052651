"""A child process for work that may hang, eat memory or crash: one JSON line asks, one JSON line answers.

The child sets an alarm for each question that the kernel acts upon even inside C code, and it ends with its standard
input, so it never outlives the process that asked.
"""

import atexit
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class ChildDied(Exception):
    """The child ended before it answered; `by_alarm` where its time was up."""

    def __init__(self, by_alarm: bool) -> None:
        """Whether the alarm ended it."""
        super().__init__("its time was up" if by_alarm else "it ended before it answered")
        self.by_alarm = by_alarm


class Child:
    """One process running a module of ours, started when first asked and again after its end."""

    def __init__(self, module: str, missing: str, environment: Mapping[str, str] | None = None) -> None:
        """The module to run, what to say when it does not start, and its environment (None: the same as here)."""
        self.module, self.missing, self.environment = module, missing, environment
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._owner = 0
        atexit.register(self.close)

    def ask(self, question: object, seconds: float) -> Any:  # noqa: ANN401  (plain JSON)
        """The answer to a question; ChildDied where the child ends before, at the latest after these seconds."""
        with self._lock:
            process = self._running()
            line = _exchange(process, json.dumps([seconds, question]))
            if not line:
                raise ChildDied(self._stop() == -signal.SIGALRM)
            return json.loads(line)

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._stop()

    def _running(self) -> subprocess.Popen[str]:
        # a forked process must not share its parent's child
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self._process, self._owner = self._start(), os.getpid()
        return self._process

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", self.module],
            cwd=ROOT,
            env=None if self.environment is None else dict(self.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # so that its own children end with it
        )
        assert process.stdout  # a pipe
        if process.stdout.readline().strip() != "ready":
            process.kill()
            raise RuntimeError(self.missing)
        return process

    def _stop(self) -> int | None:
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return None
        ended = process.poll()
        _kill_group(process.pid)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
        return process.returncode if ended is None else ended


def confine(memory: int) -> None:
    """In the child: so many bytes of address space, no file to be written and no core dump, from now on."""
    for limit, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (most, most))


def serve(answer: Callable[[Any], object]) -> None:
    """In the child: answer the questions of standard input until it ends."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _say("ready")
    for line in sys.stdin:
        seconds, question = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        found = json.dumps(answer(question))
        signal.setitimer(signal.ITIMER_REAL, 0)
        _say(found)


def _exchange(process: subprocess.Popen[str], question: str) -> str:
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(question + "\n")
        process.stdin.flush()
    except BrokenPipeError:
        return ""
    return process.stdout.readline()


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
