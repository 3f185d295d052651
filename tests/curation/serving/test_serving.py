"""A server as a run: it starts, is found by name, stops, and never outlives its worker."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError

import psutil
import pytest

from curation.connection import CONNECTIONS, Place, write
from curation.errors import UserError
from curation.runs import PROJECT, Request, Run, create
from curation.serving import Server, running_servers, server_runs, start_server, stop_server
from tests.curation.serving.fake_worker import Fake

LONGEST = 60  # seconds before a test gives up


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., tuple[Run, subprocess.Popen]]]:
    """Starts a worker whose server behaves in a certain way."""
    workers: list[subprocess.Popen] = []

    def start(mode: str, run: Run | None = None) -> tuple[Run, subprocess.Popen]:
        request = Request(
            kind="serve", worker="curation.worker", title="Serve demo", spec={"name": "demo", "connection": {}}
        )
        run = run or create(tmp_path / "runs", request)
        command = [sys.executable, "-m", "tests.curation.serving.fake_worker", str(run.folder), mode]
        workers.append(subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.DEVNULL))
        return run, workers[-1]

    yield start
    for worker in workers:
        worker.kill()
        worker.wait()


def until(condition: Callable[[], object]) -> None:
    end, pause = time.monotonic() + LONGEST, threading.Event()
    while not condition():
        assert time.monotonic() < end, "this takes too long"
        pause.wait(0.05)


def pids(tmp_path: Path) -> list[int]:
    """The fake server's child and itself, once they are there."""
    until((tmp_path / "pids").exists)
    return [int(pid) for pid in (tmp_path / "pids").read_text().split()]


def gone(found: list[int]) -> bool:
    return not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in found)


def asked(server: Server, path: str) -> int:
    with urllib.request.urlopen(server.url.removesuffix("/v1") + path, timeout=LONGEST) as answer:
        return int(answer.status)


def states(run: Run) -> list[str]:
    return [line["state"] for line in run.metrics()]


def test_a_server_is_found_by_its_name_until_it_is_stopped(started, tmp_path):
    (tmp_path / "runs").mkdir()
    with open(tmp_path / "runs" / ".heavy.lock", "w") as heavy:
        fcntl.flock(heavy, fcntl.LOCK_EX)  # a heavy run is active, and may be the one that asks
        run, worker = started("well")
        until(lambda: running_servers(tmp_path))
    server = running_servers(tmp_path)["demo"]
    assert (server.name, server.model, server.identity, server.run) == ("demo", "demo", "fake well", run.id)
    assert asked(server, "/health") == 200
    assert stop_server(tmp_path, "demo").id == run.id
    worker.wait(LONGEST)
    assert (run.status().state, states(run)) == ("cancelled", ["starting", "ready", "stopped"])
    assert (running_servers(tmp_path), server_runs(tmp_path), gone(pids(tmp_path))) == ({}, {}, True)
    with pytest.raises(URLError):
        asked(server, "/health")


def test_a_server_that_does_not_start_is_told_with_the_reason_in_its_log(started):
    run, worker = started("broken")
    worker.wait(LONGEST)
    assert run.status().state == "failed"
    assert run.status().error == "The server of 'demo' ended: ValueError: no such model (exit code 3)."


def test_a_server_that_ends_later_is_told_and_no_longer_found(started, tmp_path):
    run, worker = started("well")
    until(lambda: running_servers(tmp_path))
    asked(running_servers(tmp_path)["demo"], "/die")
    worker.wait(LONGEST)
    assert run.status().error == "The server of 'demo' ended: MemoryError: no room (exit code 1)."
    assert (run.result("server.json"), gone(pids(tmp_path))) == (None, True)


def test_a_server_that_is_still_starting_can_be_stopped(started, tmp_path):
    run, worker = started("never")
    found = pids(tmp_path)
    assert (list(server_runs(tmp_path)), running_servers(tmp_path)) == (["demo"], {})
    run.cancel()
    worker.wait(LONGEST)
    assert (run.status().state, states(run), gone(found)) == ("cancelled", ["starting", "stopped"], True)


def test_a_server_ends_with_a_worker_that_is_killed_and_can_be_started_again(started, tmp_path):
    run, worker = started("well")
    until(lambda: running_servers(tmp_path))
    found = pids(tmp_path)
    worker.kill()
    worker.wait()
    assert (run.status().state, running_servers(tmp_path)) == ("lost", {})
    assert run.result("server.json") is not None  # nobody was left to remove it
    until(lambda: gone(found))
    again, _ = started("well", run)
    until(lambda: running_servers(tmp_path))
    assert running_servers(tmp_path)["demo"].run == again.id


def test_a_second_server_of_a_name_is_refused_and_the_first_is_named(started, tmp_path):
    first, _ = started("well")
    until(lambda: running_servers(tmp_path))
    second, worker = started("well")
    worker.wait(LONGEST)
    assert second.status().error == (
        f"A server 'demo' runs already (run {first.id}); use that one, or stop it first: "
        "python -m curation serve demo --stop."
    )
    assert running_servers(tmp_path)["demo"].run == first.id
    write(tmp_path, {"demo": CONNECTIONS.parse({"backend": "vllm", "model": "base"})})
    with pytest.raises(UserError, match=f"A server 'demo' runs already \\(run {first.id}\\)"):
        start_server(tmp_path, "demo")


def test_only_a_model_that_needs_a_server_gets_one(tmp_path):
    with pytest.raises(UserError, match=r"'base' is reached through transformers, which needs no server of ours"):
        start_server(tmp_path, "base")
    (tmp_path / "models.yaml").write_text("a/b: {backend: vllm, model: base}")
    with pytest.raises(UserError, match="'a/b' in models.yaml cannot name a server"):
        start_server(tmp_path, "a/b")
    with pytest.raises(UserError, match=r"No server 'demo' runs; running: none"):
        stop_server(tmp_path, "demo")


def test_a_server_that_will_not_end_is_killed_with_its_children(tmp_path):
    command = Fake(mode="deaf").program("demo", 0, Place(tmp_path)).command
    guard = subprocess.Popen(
        [sys.executable, "-m", "curation.guard", "0.1", *command], cwd=PROJECT, stdin=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    found = pids(tmp_path)
    assert not gone(found)
    os.kill(guard.pid, signal.SIGTERM)
    assert guard.wait(LONGEST) == -signal.SIGKILL  # the kill takes the whole group, the guard too
    until(lambda: gone(found))
    guard.stdin.close()
