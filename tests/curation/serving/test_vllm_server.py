"""A real vLLM server of the shipped student: what a killed run was answered is not asked again."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from curation.backends.answer_book import ANSWERS, AnswerBook
from curation.benchmarks import items, locate
from curation.connection import CONNECTIONS, Place, find, write
from curation.models import Request, ask
from curation.operators.generate import Generate
from curation.runs import ACTIVE, PROJECT, Run
from curation.serving import Server, running_servers, server_runs
from curation.table import from_table, parts, read_batches
from curation.workspace import Workspace

pytestmark = pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed")
LONGEST = 400  # seconds before the test gives up: on a busy machine the server alone takes two minutes
COUNT = 100
FINISHED = re.compile(r'^vllm:request_success_total\{.*finished_reason="(?:stop|length)".*\} (\S+)$', re.MULTILINE)
BUSY = re.compile(r"^vllm:num_requests_(?:running|waiting)\{.*\} (\S+)$", re.MULTILINE)


def until(condition: Callable[[], object]) -> None:
    end, pause = time.monotonic() + LONGEST, threading.Event()
    while not condition():
        assert time.monotonic() < end, "this takes too long"
        pause.wait(0.02)


@pytest.fixture(scope="module")
def terminal(tmp_path_factory) -> Iterator[subprocess.Popen]:
    """The command that serves the shipped student, once it has told where; it works in the folder `args[-1]`."""
    root = tmp_path_factory.mktemp("served")
    demo = {"backend": "vllm", "model": "base", "dtype": "float32", "concurrency": 4}
    write(root, {"demo": CONNECTIONS.parse(demo)})
    command = [sys.executable, "-m", "curation", "serve", "demo", "--json", "--workspace", str(root)]
    with open(root / "said.txt", "w") as said:
        process = subprocess.Popen(command, cwd=PROJECT, stdout=said)
    until(lambda: (root / "said.txt").read_text().endswith("\n") or process.poll() is not None)
    assert process.poll() is None, server_runs(root)
    yield process
    process.send_signal(signal.SIGINT)
    process.wait(LONGEST)


@pytest.fixture
def root(terminal) -> Path:
    """The workspace in which the student is served."""
    return Path(terminal.args[-1])


def counted(server: Server, what: re.Pattern[str]) -> int:
    """The sum of some of the server's own counters."""
    with urllib.request.urlopen(server.url.removesuffix("/v1") + "/metrics", timeout=60) as answer:
        return int(sum(float(value) for value in what.findall(answer.read().decode())))


def generate_run(root: Path) -> Run:
    """A run in which the student writes a trace of each of the first problems of the shipped benchmark."""
    step = Generate(model="demo", temperature=1.0, max_new_tokens=64, seed=3, prompt="{question}")
    return Workspace(root).generate_run(step, locate("word_problems"), limit=COUNT)


def finish(run: Run) -> list[tuple[str, str]]:
    """Let a run go on to its end; its traces."""
    run.launch()
    until(lambda: run.status().state not in ACTIVE)
    assert run.status().state == "done", run.status().error
    traces = [trace for batch in read_batches(parts(run.out)) for trace in from_table(batch)]
    return [(trace.reasoning, trace.answer) for trace in traces]


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def kept_in(path: Path) -> int:
    if not path.exists():
        return 0
    with closing(AnswerBook(path)) as book:
        return len(book)


def test_a_killed_run_asks_only_for_what_it_was_not_answered(root, tmp_path):
    server, book = running_servers(root)["demo"], root / ANSWERS
    assert json.loads((root / "said.txt").read_text()) == {"name": "demo", "url": server.url, "run": server.run}
    run = generate_run(root)
    run.launch()
    until(lambda: kept_in(book) >= 10)
    psutil.Process(run.status().pid).kill()
    until(lambda: run.status().state == "lost" and counted(server, BUSY) == 0)
    assert kept_in(book) < COUNT
    found = finish(run)
    assert (counted(server, FINISHED), kept_in(book)) == (COUNT, COUNT)  # nothing was asked twice
    write(tmp_path, {"demo": CONNECTIONS.parse({"backend": "server", "url": server.url, "model": "demo"})})
    assert finish(generate_run(tmp_path)) == found  # of a workspace in which nothing was killed
    assert len(set(found)) == COUNT


def test_many_long_prompts_with_seeds_are_answered_at_once(root):
    texts = [item.problem.question for item in items(locate("word_problems"))]
    long = ["\n".join(texts[place * 20 : place * 20 + 20]) for place in range(24)]
    requests = [Request(ask(text), 2, temperature=1.0, seed=place) for place, text in enumerate(long)]
    asked = type(find("demo", root)).model_validate({**dict(find("demo", root)), "concurrency": 24})
    found = asked.open("demo", Place(root)).model.complete(requests)
    assert [one.failure for one in found] == [None] * 24
    assert min(one.n_prompt_tokens for one in found) > 600


def test_vllm_and_all_its_processes_end_with_a_worker_that_is_killed(root, terminal):
    server = running_servers(root)["demo"]
    guard = psutil.Process(server.pid)
    family = [guard, *guard.children(recursive=True)]
    assert len(family) > 2
    psutil.Process(Run(root / "runs" / server.run).status().pid).kill()
    until(lambda: all(gone(process) for process in family))
    assert (running_servers(root), terminal.wait(LONGEST)) == ({}, 2)
