"""The worker's side: how a run ends, one at a time, and what a full disk does."""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from curation.job import Job
from curation.runs import Request, Run, create
from curation.workspace import Workspace

PROJECT = Path(__file__).resolve().parents[2]
WORKER = """
import os, sys
from pathlib import Path
from curation.errors import UserError
from curation.job import work

def finish(job):
    job.metric(step=1)

def refuse(job):
    raise UserError("The set is empty; choose another.")

def break_down(job):
    raise ValueError("a bug")

def deny(job):
    raise PermissionError(13, "Permission denied", "/somewhere/file")

def hold(job):
    print("running", flush=True)
    sys.stdin.read()

def wait(job):
    print("running", flush=True)
    while True:
        job.check()

TASKS = {"finish": finish, "refuse": refuse, "break_down": break_down, "deny": deny, "hold": hold, "wait": wait}
sys.exit(work(Path(sys.argv[1]), dict.fromkeys(("import", "study"), TASKS[sys.argv[2]])))
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create(tmp_path / "runs", Request(kind="import", worker="curation.worker", title="t"))


def start(run: Run, task: str) -> subprocess.Popen:
    command = [sys.executable, "-c", WORKER, str(run.folder), task]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=PROJECT, text=True, **pipes)


def until_it_says(run: Run, state: str) -> None:
    deadline = time.monotonic() + 30
    while run.status().state != state:
        assert time.monotonic() < deadline, f"still {run.status()}"


def test_a_finished_task_is_done(run):
    with start(run, "finish") as process:
        process.communicate()
    assert (process.returncode, run.status().state, run.status().error) == (0, "done", None)
    assert [line["step"] for line in run.metrics()] == [1]
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "in",
        "metrics.jsonl",
        "out",
        "run.json",
        "status.json",
    ]


@pytest.mark.parametrize(
    ("task", "code", "error", "logged"),
    [
        ("refuse", 2, "The set is empty; choose another.", "The set is empty; choose another.\n"),
        ("break_down", 1, "ValueError: a bug", "Traceback"),
        ("deny", 1, "/somewhere/file cannot be written or read: Permission denied. Choose a folder", "Traceback"),
    ],
)
def test_a_failed_task_says_why(run, task, code, error, logged):
    with start(run, task) as process:
        log = process.communicate()[1]
    assert (process.returncode, run.status().state) == (code, "failed")
    assert run.status().error.startswith(error)
    assert logged in log
    assert ("Traceback" in log) == (code == 1)


def test_one_heavy_run_at_a_time_and_the_rest_are_queued(tmp_path):
    first, second = (create(tmp_path, Request(kind="import", worker="curation.worker", title=t)) for t in "ab")
    with start(first, "hold") as holder:
        assert holder.stdout.readline() == "running\n"
        with start(second, "finish") as waiting:
            until_it_says(second, "queued")
            assert first.status().state == "running"
            holder.communicate("")
            waiting.communicate()
    assert (first.status().state, second.status().state) == ("done", "done")
    assert first.status().ended <= second.status().ended


def test_a_run_that_only_starts_others_runs_beside_a_heavy_one(tmp_path):
    heavy = create(tmp_path, Request(kind="import", worker="curation.worker", title="a"))
    light = create(tmp_path, Request(kind="study", worker="training.worker", title="b"))
    with start(heavy, "hold") as holder:
        assert holder.stdout.readline() == "running\n"
        with start(light, "finish") as process:
            process.communicate()
        assert (heavy.status().state, light.status().state) == ("running", "done")
        holder.communicate("")


def test_a_queued_run_can_be_cancelled(tmp_path):
    first, second = (create(tmp_path, Request(kind="import", worker="curation.worker", title=t)) for t in "ab")
    with start(first, "hold") as holder:
        assert holder.stdout.readline() == "running\n"
        with start(second, "finish") as waiting:
            until_it_says(second, "queued")
            second.cancel()
            waiting.communicate()
        assert (second.status().state, first.status().state) == ("cancelled", "running")
        holder.communicate("")


def test_the_lock_of_a_killed_run_is_free(tmp_path):
    first, second = (create(tmp_path, Request(kind="import", worker="curation.worker", title=t)) for t in "ab")
    with start(first, "hold") as holder:
        assert holder.stdout.readline() == "running\n"
        holder.kill()
    with start(second, "finish") as process:
        process.communicate()
    assert (first.status().state, second.status().state) == ("lost", "done")


def test_sigterm_stops_between_batches(run):
    with start(run, "wait") as process:
        assert process.stdout.readline() == "running\n"
        process.terminate()
        process.communicate()
    assert (process.returncode, run.status().state) == (1, "cancelled")


def test_a_half_line_of_a_killed_worker_is_cut_before_the_next_goes_on(run):
    (run.folder / "metrics.jsonl").write_text('{"step": 1}\n{"st')
    Job(run).metric(step=2)
    assert [line["step"] for line in run.metrics()] == [1, 2]


def big_import(root: Path, rows: int = 4000) -> Run:
    """An import that needs some 600 bytes a row in out/."""
    made = [{"question": f"q{n}?", "reasoning": os.urandom(600).hex(), "answer": "a"} for n in range(rows)]
    root.mkdir(parents=True, exist_ok=True)
    (root / "big.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made))
    return Workspace(root / "workspace").import_run([root / "big.jsonl"], None, None)


def work_on(run: Run, largest_file: int | None = None) -> None:
    def limit() -> None:
        if largest_file:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    command = [sys.executable, "-m", "curation.worker", str(run.folder)]
    with open(run.folder / "log.txt", "ab") as log:
        subprocess.run(command, cwd=PROJECT, stdout=log, stderr=log, preexec_fn=limit, check=False)


def test_what_every_process_of_a_run_imports_again_leaves_out_the_tasks():
    looking = "import sys, curation.worker; sys.exit('curation.tasks' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", looking], cwd=PROJECT, check=False).returncode == 0


def test_a_disk_that_refuses_a_part_fails_the_run_with_a_sentence_and_resumes(tmp_path):
    run = big_import(tmp_path)
    work_on(run, largest_file=200_000)
    assert run.status().state == "failed"
    assert run.status().error.startswith("The disk is full (")
    assert run.status().error.endswith("; free some space and try again.")
    assert list(run.out.glob("part-*.parquet")) == []
    work_on(run)
    assert run.status().state == "done"


def test_a_full_disk_fails_the_run_with_a_sentence_and_it_resumes_when_space_is_back(tmp_path, small_disk):
    big_import(tmp_path)
    workspace = Workspace(small_disk / "workspace")
    run = workspace.import_run([tmp_path / "big.jsonl"], None, None)
    work_on(run)
    assert run.status().state == "failed", run.log_tail()
    assert run.status().error.startswith("The disk is full (0 MiB left)")
    assert workspace.take_in() == []
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    work_on(run)
    assert run.status().state == "done"
    assert workspace.take_in() == [run.id]
    assert workspace.store.imports().to_pylist()[0]["imported"] == 4000
    workspace.store.close()


def test_a_disk_that_fills_up_during_a_recipe_leaves_no_set_and_the_run_resumes(tmp_path, small_disk):
    big_import(tmp_path, rows=1500)
    (tmp_path / "recipe.yaml").write_text("name: r\nsteps:\n- op: segment\n- op: count_tokens\n")
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "curation", "apply", str(tmp_path / "recipe.yaml"), str(tmp_path / "big.jsonl")]
    command += ["--out", "kept", "--workspace", str(small_disk / "w")]
    subprocess.run(["mount", "-o", "remount,size=1500k", str(small_disk)], check=True)
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
    assert ended.stderr.startswith("The disk is full (")
    workspace = Workspace(small_disk / "w")
    assert workspace.sets() == []
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    (folder,) = workspace.runs_root.glob("*-apply-*")
    work_on(Run(folder))
    assert workspace.set("kept").manifest.rows == 1500


def test_the_last_counts_are_written_when_the_run_ends(tmp_path):
    run = create(tmp_path, Request(kind="generate", worker="curation.worker", title="Generate"))
    job = Job(run)
    job.status("running")
    for answers in (1, 2, 3):
        job.counts({"answers": answers})
    job.status("done")
    assert [line["answers"] for line in run.metrics()] == [1, 3]
