"""Ray nodes on this machine, each a group of processes of its own that can be killed, or frozen as if unplugged."""

import os
import socket
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Self

import psutil

# a machine that falls silent is given up after about 5 s instead of 30
WATCHFUL = {
    "RAY_health_check_initial_delay_ms": "0", "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "1000", "RAY_health_check_failure_threshold": "4",
}  # fmt: skip
STORE = 200 * 2**20  # bytes for objects on a node
STARTED = "Ray runtime started."


class Nodes:
    """A cluster of this machine; the first node is its head, and ends last."""

    def __init__(self, folder: Path) -> None:
        """Ray's files go into the folder, whose path has to be short: it holds sockets."""
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.folder, self.started = folder, list[psutil.Popen]()

    def start(self, cores: int = 1) -> int:
        """Start a node and wait until it is ready; returns its number."""
        number, port = len(self.started), self.address.split(":")[1]
        joined = [f"--address={self.address}"] if number else ["--head", f"--port={port}", "--include-dashboard=false"]
        command = [
            sys.executable, "-m", "ray.scripts.scripts", "start", *joined, "--block",
            f"--node-ip-address=127.0.0.{number + 1}", f"--num-cpus={cores}", f"--object-store-memory={STORE}",
            "--min-worker-port=0", "--max-worker-port=0", "--dashboard-agent-listen-port=0", "--disable-usage-stats",
            f"--temp-dir={self.folder}",
        ]  # fmt: skip
        # workers find what the tests import where the tests find it
        environment = {**os.environ, **WATCHFUL, "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
        node = psutil.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.started.append(node)
        said = []
        for line in node.stdout:
            said.append(line)
            if STARTED in line:
                return number
        raise AssertionError(f"node {number} did not start: {''.join(said)}")

    def kill(self, number: int) -> None:
        """End every process of a node at once, as a power cut does."""
        for process in self._family(number):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.started[number].wait()

    def freeze(self, number: int) -> None:
        """Let a node answer nobody, as a machine does whose network is gone."""
        for process in self._family(number):
            with suppress(psutil.NoSuchProcess):
                process.suspend()

    def __enter__(self) -> Self:
        """The cluster, still without nodes."""
        return self

    def __exit__(self, *error: object) -> None:
        """End every node."""
        for number in reversed(range(len(self.started))):
            if self.started[number].poll() is None:
                self.kill(number)

    def _family(self, number: int) -> list[psutil.Process]:
        node = self.started[number]
        return [node, *node.children(recursive=True)]
