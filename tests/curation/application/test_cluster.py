"""What is said of a cluster before it is used, and the guard against machines that would compute something else."""

import json
import socket
import subprocess
import sys
from contextlib import closing
from importlib.util import find_spec

import pytest

from curation.application.cluster import Ray, compute, configured, installed
from curation.errors import UserError
from curation.job import Job
from curation.operators.segment import SegmentReasoning
from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.runs import PROJECT
from curation.tasks import apply_task, import_task

COUNTED = Recipe.read("{name: counted, steps: [{op: count_tokens}]}")


@pytest.fixture
def deaf() -> str:
    """An address where nobody listens."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize("address", ["", "auto", "local", "ray://10.0.0.1:10001", "10.0.0.1", "10.0.0.1:port"])
def test_an_address_is_host_and_port(address):
    with pytest.raises(UserError, match="expected HOST:PORT, as in 10.0.0.1:6379"):
        Ray(address)


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed here")
def test_without_ray_it_is_said_what_to_install():
    with pytest.raises(UserError, match=r"Ray is not installed here: pip install -r requirements-cluster.txt"):
        Ray("127.0.0.1:6379")


@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: see requirements-cluster.txt")
def test_where_nobody_answers_it_is_said_what_to_start(deaf):
    with pytest.raises(UserError, match=f"No Ray cluster answers at {deaf}.*ray start --head"):
        Ray(deaf)


def test_the_environment_names_the_cluster(monkeypatch):
    monkeypatch.setenv("WINNOW_RAY_ADDRESS", "")
    assert configured() is None
    monkeypatch.setenv("WINNOW_RAY_ADDRESS", "10.0.0.1:6379")
    assert configured() == "10.0.0.1:6379"


def test_work_is_done_where_everything_is_the_same():
    assert compute(len, [1, 2], installed()) == 2


@pytest.mark.parametrize("name", ["duckdb", "version of Winnow"])
def test_a_machine_with_something_else_computes_nothing(name):
    with pytest.raises(UserError, match=f"The machine {socket.gethostname()} .* has another {name} than"):
        compute(len, [1, 2], {**installed(), name: "other"})


def test_a_set_knows_nothing_of_the_cluster_its_run_was_to_use(workspace, traces, write_traces, tmp_path, deaf):
    write_traces(tmp_path / "parts", traces)
    run = workspace.apply_run(COUNTED, "counted", files=[tmp_path / "parts"], cluster=deaf)
    with pytest.raises(UserError, match="Ray"):
        apply_task(Job(run))
    assert run.request.inputs["cluster"] == deaf
    assert "cluster" not in run.request.inputs["origin"]["source"]


def test_scores_can_be_computed_on_a_cluster_too(workspace, traces, write_traces, tmp_path):
    write_traces(tmp_path / "parts", traces)
    imported = workspace.import_run([tmp_path / "parts"])
    import_task(Job(imported))
    workspace.store.take_import(imported.id, imported.out)
    run = workspace.annotate_run([SegmentReasoning()], Filter(), cluster="10.0.0.1:6379")
    assert run.request.inputs == {"cluster": "10.0.0.1:6379"}
    assert workspace.annotate_run([SegmentReasoning()], Filter()).request.inputs == {}


def test_the_command_says_it_in_one_line(tmp_path, deaf):
    file = tmp_path / "one.jsonl"
    file.write_text(json.dumps({"question": "1 + 1?", "reasoning": "two", "answer": "2"}))
    command = [sys.executable, "-m", "curation", "apply", "raw", str(file), "--executor", "ray", "--address", deaf]
    command += ["--workspace", str(tmp_path / "w"), "--out", "x"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert "Ray" in done.stderr
    assert not (tmp_path / "w" / "sets" / "x").exists()
