"""Machines on this one: each has a host name and process ids of its own, and all share files and the loopback."""

import os
import shlex
import socket
import subprocess
from contextlib import closing, suppress

import psutil
import pytest

from curation.runs import PROJECT, Run


class Machine:
    """One machine that works on a run: its launcher has the same process id on each."""

    def __init__(self, run: Run, number: int) -> None:
        """Start the machine with the command of its number."""
        name, command = f"gpu{number + 1}", shlex.join(run.command(number))
        apart = [
            "unshare",
            "--uts",
            "--pid",
            "--fork",
            "--mount-proc",
            "sh",
            "-c",
            f"hostname {name}; {command}; exit $?",
        ]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
        self.log = run.folder / f"{name}.txt"
        with self.log.open("ab") as log:
            self._started = psutil.Popen(apart, cwd=PROJECT, env=environment, stdout=log, stderr=log)

    @property
    def launcher(self) -> psutil.Process:
        """The process that the command of the machine starts."""
        return self._started.children()[0].children()[0]

    def switch_off(self) -> None:
        """End every process at once: the first of a machine takes all others with it."""
        with suppress(psutil.NoSuchProcess, IndexError):
            self._started.children()[0].kill()
        self._started.wait()

    def ended(self) -> int:
        """The exit code, once the machine has nothing more to do."""
        return self._started.wait(120)


def names() -> list[str]:
    """What a run of two such machines is told: where the first listens, and any name for the second."""
    if subprocess.run(["unshare", "--uts", "--pid", "--fork", "--mount-proc", "true"], capture_output=True).returncode:
        pytest.skip("host names and process ids of one's own need root")
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{free.getsockname()[1]}", "127.0.0.1"]
