"""`python -m curation.guard SECONDS COMMAND...`: runs a program that never outlives the process that started it.

It leads a process group of its own with the program and all that the program starts. The group is ended when this
process is told to, and killed after so many seconds; also when its standard input closes, as it does when whoever
holds the other end is killed.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from types import FrameType


def guard(command: Sequence[str], grace: float) -> int:
    """Run the program to its end; its exit code."""
    signal.signal(signal.SIGTERM, _end_at_once)  # also in the moment before there is a program
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def end(number: int = 0, frame: FrameType | None = None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGTERM)
        threading.Timer(grace, os.killpg, (0, signal.SIGKILL)).start()

    def watch() -> None:
        while os.read(0, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, end)
    threading.Thread(target=watch, daemon=True).start()
    code = program.wait()
    if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:  # we were asked to end it: nothing of it may stay
        os.killpg(0, signal.SIGKILL)
    return code if code >= 0 else 128 - code  # as a shell tells the signal that ended it


def _end_at_once(number: int, frame: FrameType | None) -> None:
    sys.exit(1)


if __name__ == "__main__":
    sys.exit(guard(sys.argv[2:], float(sys.argv[1])))
