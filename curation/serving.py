"""Servers of models that Winnow starts itself, each as a run: started, watched, found by name, and stopped.

A server lives as long as its run: cancelling stops it, and it ends with its worker, however that one ends. While it
is healthy out/server.json says where it is reached.
"""

import fcntl
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from curation.connection import CONNECTIONS, Connection, Place, find
from curation.errors import UserError
from curation.job import Cancelled, Job
from curation.runs import ACTIVE, PROJECT, Request, Run, all_runs, create, replace_text
from curation.sets.requests import NAME

SERVER = "server.json"  # in out/ of a serve run while its server is healthy
HOST = "127.0.0.1"
POLL = 0.2  # seconds between looks at server and run
ANSWER = 5  # seconds a health check may take; ours
GRACE = 10  # seconds from the request to end to the kill; ours
LONGEST = 500  # characters of a reason
KILLED = 137  # exit code after SIGKILL
LOG_END = 200_000  # bytes of the log in which a reason is looked for
PREFIX = re.compile(r"^\(\w+ pid=\d+\) ?(?:[A-Z]+ \S+ \S+ \[\S+\] ?)?")  # of vLLM's log lines
REASON = re.compile(r"^(?:[\w.]*(?:Error|Exception|Exit)\b|[\w.-]+\.py: error): .+|^ +Value error, .+")
DECORATION = re.compile(r"^ *Value error, | \[type=.*$")  # pydantic's, around what vLLM says
CONSEQUENCE = re.compile(r"initialization failed|validation errors? for|died unexpectedly|EngineDeadError")


@dataclass(frozen=True, slots=True)
class Program:
    """What is started: a command, and what is added to the environment."""

    command: list[str]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Server:
    """A healthy server: the connection's name, its address, what it calls the model, and whose answers it gives."""

    name: str
    url: str
    model: str
    pid: int
    identity: str
    run: str


class Served(Connection):
    """A model behind a server that Winnow starts."""

    @abstractmethod
    def program(self, name: str, port: int, place: Place) -> Program:
        """What serves the model under that name on this port of this machine; UserError when nothing can."""

    @abstractmethod
    def identity(self, place: Place) -> str:
        """What tells its answers from another model's."""


def serve_request(name: str, connection: Served) -> Request:
    """The request of a run that serves a connection's model."""
    spec = {"name": name, "connection": connection.dump()}
    return Request(kind="serve", worker="curation.worker", title=f"Serve {name}", spec=spec)


def start_server(root: Path, name: str) -> Run:
    """Start serving the workspace's connection of that name; UserError when it is no served one, or runs already."""
    connection = find(name, root)
    if not NAME.fullmatch(name):
        raise UserError(f"'{name}' in models.yaml cannot name a server: use letters, digits, '.', '_' and '-'.")
    if not isinstance(connection, Served):
        raise UserError(
            f"'{name}' is reached through {connection.title()}, which needs no server of ours; give it "
            "`backend: vllm` in models.yaml to have one."
        )
    first = server_runs(root).get(name)
    if first:
        raise _second(name, first)
    connection.program(name, 0, Place(root))  # what cannot work is said before there is a run
    run = create(root / "runs", serve_request(name, connection))
    run.launch()
    return run


def server_runs(root: Path) -> dict[str, Run]:
    """The runs of servers that start or run, by the connection's name."""
    runs = [run for run in all_runs(root / "runs") if "-serve-" in run.id and run.status().state in ACTIVE]
    runs.sort(key=lambda run: _described(run) is not None)  # of a name the healthy one, else the first; it is the last
    return {run.request.spec["name"]: run for run in runs}


def running_servers(root: Path) -> dict[str, Server]:
    """The healthy servers of a workspace by name; those whose worker is gone are left out."""
    found = {name: _described(run) for name, run in server_runs(root).items()}
    return {name: server for name, server in found.items() if server}


def _described(run: Run) -> Server | None:
    """The run's healthy server; what an earlier worker left when it was killed does not count."""
    path, status = run.out / SERVER, run.status()
    with suppress(FileNotFoundError):  # it may end between two looks
        if status.state == "running" and path.stat().st_mtime >= (status.started or 0):
            return Server(**json.loads(path.read_text(encoding="utf-8")))
    return None


def stop_server(root: Path, name: str) -> Run:
    """Ask the server of that name to stop; its run, which then ends as cancelled."""
    run = server_runs(root).get(name)
    if run is None:
        raise UserError(f"No server '{name}' runs; running: {', '.join(server_runs(root)) or 'none'}.")
    run.cancel()
    return run


def serve_task(job: Job) -> None:
    """Run the server of a connection until somebody stops it."""
    connection = CONNECTIONS.parse(job.request.spec["connection"])
    assert isinstance(connection, Served)  # serve_request
    serve(job, connection)


def serve(job: Job, connection: Served) -> None:
    """Start the server, say when it is healthy, end it when the run is cancelled; UserError when it ends itself."""
    name, place, began = job.request.spec["name"], Place(job.run.folder.parents[1], job.stopping), time.monotonic()

    def told(state: str) -> None:
        job.metric(state=state, seconds=round(time.monotonic() - began, 1))

    described = job.out / SERVER
    described.unlink(missing_ok=True)  # of a worker that was killed
    with _only(job.run, name):
        port = _free_port()
        program = connection.program(name, port, place)
        told("starting")
        with _guarded(job.run, program) as (process, ended):
            try:
                while not _healthy(port):
                    _look(job, ended)
                url, identity = f"http://{HOST}:{port}/v1", connection.identity(place)
                server = Server(name, url, name, process.pid, identity, job.run.id)
                replace_text(described, json.dumps(asdict(server)))
                told("ready")
                while True:
                    _look(job, ended)
            except Cancelled:
                told("stopped")
                raise
            finally:  # before it ends, so that nobody is sent to it any more
                described.unlink(missing_ok=True)


def _look(job: Job, ended: Callable[[], str | None]) -> None:
    job.check()
    reason = ended()
    if reason is not None:
        raise UserError(f"The server of '{job.request.spec['name']}' ended: {reason}.")
    time.sleep(POLL)


@contextmanager
def _only(run: Run, name: str) -> Iterator[None]:
    """One server a name: the lock goes with the worker that holds it."""
    with open(run.folder.parent / f".serve-{name}.lock", "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise _second(name, Run(run.folder.parent / lock.read().strip())) from None
        lock.truncate(0)
        lock.write(run.id)
        lock.flush()
        yield


def _second(name: str, first: Run) -> UserError:
    return UserError(
        f"A server '{name}' runs already (run {first.id}); use that one, or stop it first: "
        f"python -m curation serve {name} --stop."
    )


@contextmanager
def _guarded(run: Run, program: Program) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], str | None]]]:
    """The program under a guard, its output in the run's log, and what says why it ended, once it has."""
    with open(run.folder / "log.txt", "ab") as log:
        begins = log.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "curation.guard", str(GRACE), *program.command], cwd=PROJECT, stdin=subprocess.PIPE,
            stdout=log, stderr=log, env={**os.environ, **program.environment}, start_new_session=True,
        )  # fmt: skip

    def ended() -> str | None:
        return None if process.poll() is None else why(_read(run.folder / "log.txt", begins), process.returncode)

    try:
        yield process, ended
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(2 * GRACE)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def why(log: str, code: int) -> str:
    """The line of a log that tells why a program ended: the last error that is no mere consequence of another."""
    lines = [PREFIX.sub("", line) for line in log.splitlines()]
    errors = [line for line in lines if REASON.match(line) and not CONSEQUENCE.search(line)]
    said = next(reversed(errors or [line for line in lines if line.strip()]), "it said nothing")
    if code == KILLED:
        said = f"it was killed, often for want of memory; its last words: {said.strip()}"
    told = DECORATION.sub("", said).strip()[:LONGEST]
    return f"{told} (exit code {code})" if code else told  # vLLM ends with 0 when its engine died


def _read(path: Path, begins: int) -> str:
    with open(path, "rb") as log:
        log.seek(max(begins, path.stat().st_size - LOG_END))
        return log.read().decode("utf-8", "replace")


def _free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind((HOST, 0))
        return int(chosen.getsockname()[1])


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
