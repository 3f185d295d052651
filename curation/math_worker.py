r"""math-verify behind a process that the system kills at the time limit.

math-verify raises off the main thread and can hang on hostile expressions. So a child process reads one pair a line,
`["\\frac12", "0.5", 5.0]`, sets an alarm the kernel acts upon even inside C code, and answers `{"equal": true}`. It
ends with its standard input, so it never outlives the process that asked.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

MEMORY = 2 << 30  # ours: bytes of address space; sympy alone needs about 300 MB
ROOT = Path(__file__).resolve().parents[1]


class MathWorker:
    """One child process, started when first asked and again after a kill."""

    def __init__(self) -> None:
        """No process yet."""
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._owner = 0
        atexit.register(self.close)

    def equal(self, found: str, reference: str, timeout: float) -> bool:
        """True when both are the same mathematical object; TimeoutError when that takes longer than the limit."""
        with self._lock:
            child = self._running()
            line = self._ask(child, json.dumps([found, reference, timeout]))
            if not line:
                self._stop()
                raise TimeoutError(
                    f"comparing {found[:80]!r} with {reference[:80]!r} did not end within {timeout:g} s"
                )
            return bool(json.loads(line)["equal"])

    def close(self) -> None:
        """End the child process."""
        with self._lock:
            self._stop()

    def _running(self) -> subprocess.Popen[str]:
        # a forked process must not share its parent's child
        if self._child is None or self._owner != os.getpid() or self._child.poll() is not None:
            self._child, self._owner = _start(), os.getpid()
        return self._child

    def _ask(self, child: subprocess.Popen[str], question: str) -> str:
        assert child.stdin
        assert child.stdout
        try:
            child.stdin.write(question + "\n")
            child.stdin.flush()
        except BrokenPipeError:
            return ""
        return child.stdout.readline()

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None or self._owner != os.getpid():
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()


def _start() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "curation.math_worker"]
    child = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert child.stdout  # a pipe
    if child.stdout.readline().strip() != "ready":
        child.kill()
        raise RuntimeError("the answer checker did not start; is math-verify installed?")
    return child


def serve() -> None:
    """Answer pairs from standard input until it ends; the alarm kills the process at a pair's limit."""
    import resource
    import signal

    from math_verify import parse, verify  # type: ignore[import-not-found,unused-ignore]

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _say("ready")
    for line in sys.stdin:
        found, reference, timeout = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, timeout)
        try:
            gold, target = (parse(f"${text}$", parsing_timeout=None) for text in (reference, found))
            equal = bool(gold and target and verify(gold, target, timeout_seconds=None))
        except Exception:  # what it cannot read is not equal; memory and recursion errors included
            equal = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        _say(json.dumps({"equal": equal}))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
