"""Ray: the machines of a cluster as an executor; the same batches, the same results in the same order.

Plain tasks rather than Ray Data: an application streams batches out of its own database and wants each result back in
order, as Local gives it; a task whose machine dies is computed again from its batch, which lies on this machine.
"""

import hashlib
import logging
import os
import re
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any, TypeVar

from curation.application.executors import AHEAD, oldest
from curation.errors import UserError
from curation.runs import PROJECT

VARIABLE = "WINNOW_RAY_ADDRESS"
ADDRESS = re.compile(r"([\w.-]+):(\d+)")
TRIES = 5  # ours: of a batch after its first; every machine or worker process that dies under it costs one
REACH = 5.0  # seconds for the first connection
LOOK = 10.0  # seconds between looks at whether any machine is left that computes
# Ray's own are 300 s and 120 s: so long would a run wait for a machine that fell silent without closing connections
WATCHFUL = {"RAY_grpc_client_keepalive_time_ms": "10000", "RAY_grpc_client_keepalive_timeout_ms": "10000"}
PINNED = re.compile(r"^([\w.-]+)==", re.MULTILINE)
In = TypeVar("In")
Out = TypeVar("Out")


def configured() -> str | None:
    """The cluster of this installation, from the environment; None when there is none."""
    return os.environ.get(VARIABLE) or None


class Ray:
    """A running Ray cluster that this machine is a part of."""

    def __init__(self, address: str) -> None:
        """Connect; UserError when Ray is not installed or nobody answers at HOST:PORT."""
        self.address = address
        _check_reachable(address)
        os.environ.update(WATCHFUL)  # read when Ray is imported
        import ray

        try:
            ray.init(address=address, logging_level=logging.WARNING)
        except (ConnectionError, RuntimeError) as error:
            raise UserError(
                f"This machine is no part of the Ray cluster at {address} ({error}). Join it with: "
                f"ray start --address={address}"
            ) from error
        self._task = ray.remote(max_retries=TRIES, num_cpus=1)(compute)

    def map(self, work: Callable[[In], Out], batches: Iterable[In]) -> Iterator[Out]:
        """Results in batch order; at most two batches per core of the cluster are held."""
        import ray

        waiting = deque[Any]()
        submitted = (self._task.remote(work, batch, installed()) for batch in batches)
        try:
            for reference in oldest(waiting, submitted, lambda: AHEAD * max(1, self.cores())):
                yield self._result(reference)
        finally:
            for reference in waiting:
                ray.cancel(reference)

    def cores(self) -> int:
        """Cores of the machines that are there now: a cluster grows and shrinks while it works."""
        import ray

        return int(ray.cluster_resources().get("CPU", 0))

    def _result(self, reference: Any) -> Any:  # noqa: ANN401  (what the work returns)
        """Wait for a batch; what it raised is raised here, as if it had been computed on this machine."""
        import ray
        from ray.exceptions import GetTimeoutError, RayError, RayTaskError

        while True:
            try:
                return ray.get(reference, timeout=LOOK)
            except RayTaskError as error:
                raise _cause(error.cause) from error
            except GetTimeoutError:
                if not self.cores():
                    raise self._broken("no machine is left that computes") from None
            except RayError as error:
                raise self._broken(str(error).split("\n")[0]) from error

    def _broken(self, reason: str) -> UserError:
        return UserError(
            f"The Ray cluster at {self.address} gave up a batch: {reason} What is done is kept: mend the cluster (ray "
            f"status --address={self.address}), or give its machines more memory, and resume the run."
        )


def compute(work: Callable[[In], Out], batch: In, expected: Mapping[str, str]) -> Out:
    """On a machine of the cluster: the work, unless this machine would do it differently."""
    found = installed()
    if found != expected:
        other = [name for name in expected if found.get(name) != expected[name]]
        raise UserError(
            f"The machine {socket.gethostname()} of the Ray cluster has another {', '.join(other) or 'checkout'} than "
            "the one the run was started on, so its results could differ. Bring every machine to the same checkout of "
            "Winnow and install the same requirements.txt, then restart Ray there."
        )
    return work(batch)


@cache
def installed() -> dict[str, str]:
    """What decides over results on this machine: the pinned packages, and a hash of Winnow's own code."""
    files = sorted(path for path in (PROJECT / "curation").rglob("*") if path.suffix != ".pyc" and path.is_file())
    code = hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files))
    names = PINNED.findall((PROJECT / "requirements.txt").read_text(encoding="utf-8"))
    return {"version of Winnow": code.hexdigest(), **{name: _version(name) for name in names}}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _check_reachable(address: str) -> None:
    place = ADDRESS.fullmatch(address)
    if not place:
        raise UserError(f"'{address}' is no address of a Ray cluster: expected HOST:PORT, as in 10.0.0.1:6379.")
    if find_spec("ray") is None:
        raise UserError(
            "Ray is not installed here: pip install -r requirements-cluster.txt, on every machine of the cluster."
        )
    try:
        socket.create_connection((place[1], int(place[2])), REACH).close()
    except OSError as error:
        raise UserError(
            f"No Ray cluster answers at {address} ({error.strerror or error}). Start one with: ray start --head "
            f"--port={place[2]}, and on every other machine: ray start --address={address}"
        ) from None


def _cause(error: Exception) -> Exception:
    """What went wrong on a machine, said so that it can be mended where the machine lacks Winnow."""
    if isinstance(error, RuntimeError) and "failed to import on the worker" in str(error):
        return UserError(
            f"A machine of the Ray cluster cannot load Winnow from {PROJECT}: every machine needs the same checkout "
            "at the same path, as on a shared disk, and requirements.txt installed."
        )
    return error
