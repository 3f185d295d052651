"""The run folder: how a run stands, seen from outside."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from curation.errors import UserError
from curation.life import started
from curation.runs import Request, Run, Status, all_runs, create, find, replace_text
from curation.workspace import Workspace

Wait = Callable[[Run, str], None]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create(tmp_path, Request(kind="import", worker="curation.worker", title="Import x"))


def write_status(run: Run, **values: object) -> None:
    replace_text(run.folder / "status.json", Status(**values).model_dump_json())


def of_process(pid: int) -> dict[str, object]:
    return {"pid": pid, "pid_started": started(pid)}


def test_a_new_run_is_a_folder_with_its_request(run):
    assert run.folder.parent.name in str(run.folder)
    assert sorted(path.name for path in run.folder.iterdir()) == ["in", "out", "run.json"]
    assert run.request == Request(kind="import", worker="curation.worker", title="Import x")
    assert (run.metrics(), run.log_tail(), run.result("scores.json")) == ([], "", None)
    assert run.created.strftime("%Y%m%d-%H%M%S") == run.id[:15]


def test_the_kind_of_a_run_is_told_by_its_id(run):
    assert run.kind == run.request.kind == "import"


def test_every_status_leaves_another_stamp(run):
    stamps = [run.stamp()]
    for state in ("running", "done"):
        write_status(run, state=state)
        stamps.append(run.stamp())
    assert stamps[0] is None
    assert len(set(stamps)) == 3


def test_a_run_of_several_processes_is_started_by_accelerate(tmp_path):
    request = Request(kind="train", worker="training.worker", title="t", inputs={"processes": 2})
    run = create(tmp_path, request)
    folder = str(run.folder.resolve())
    assert create(tmp_path, request.model_copy(update={"inputs": {}})).command()[1:3] == ["-m", "training.worker"]
    assert run.command()[1:4] == ["-m", "accelerate.commands.launch", "--multi_gpu"]
    assert run.command()[4:6] == ["--num_processes", "2"]
    assert run.command()[-3:] == ["-m", "training.worker", folder]


def test_a_run_that_says_running_while_its_process_lives_is_running(run):
    write_status(run, state="running", **of_process(os.getpid()))
    assert run.status().state == "running"


def test_a_run_whose_process_is_gone_is_lost(run):
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    write_status(run, state="running", **of_process(process.pid))
    assert run.status().state == "running"
    process.communicate()
    assert run.status().state == "lost"


def test_a_process_with_the_same_id_but_another_start_is_not_the_worker(run):
    began = started(os.getpid()) - 3600
    write_status(run, state="running", pid=os.getpid(), pid_started=began)
    assert run.status().state == "lost"


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_an_ended_run_stays_as_it_ended(run, state):
    write_status(run, state=state, pid=1, pid_started=0.0, error="why")
    assert (run.status().state, run.status().error) == (state, "why")


def test_a_worker_just_launched_again_is_queued_whatever_the_last_one_said(run):
    write_status(run, state="failed", pid=1, pid_started=0.0, error="old")
    (run.folder / "launch.json").write_text(json.dumps(of_process(os.getpid())))
    assert (run.status().state, run.status().error) == ("queued", None)


def test_a_half_written_line_of_metrics_waits_for_its_end(run):
    (run.folder / "metrics.jsonl").write_text('{"done": 1}\n\n{"done": 2}\n{"do')
    assert run.metrics() == [{"done": 1}, {"done": 2}]


def test_the_log_is_shown_from_its_end(run):
    (run.folder / "log.txt").write_bytes(b"x" * 30_000 + "é".encode())
    assert run.log_tail() == "x" * 19_998 + "é"


def test_runs_are_listed_newest_first_and_found_by_id(tmp_path):
    names = ["20260101-000000-import-aaaa", "20260102-000000-train-bbbb"]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(
            Request(kind="import", worker="curation.worker", title="t").model_dump_json()
        )
    (tmp_path / "20260103-000000-half").mkdir()
    assert [run.id for run in all_runs(tmp_path)] == names[::-1]
    assert find(tmp_path, names[0]).id == names[0]
    with pytest.raises(UserError, match=r"There is no run 'nothing'; runs: 20260102-000000-train-bbbb, 20260101"):
        find(tmp_path, "nothing")
    with pytest.raises(UserError, match="There is no run '20260103-000000-half'"):
        find(tmp_path, "20260103-000000-half")
    with pytest.raises(UserError, match=r"There is no run '../20260101"):
        find(tmp_path / "elsewhere", "../20260101-000000-import-aaaa")


def test_a_folder_without_request_is_no_run(tmp_path):
    with pytest.raises(UserError, match=r"There is no run 'x' in .*: run.json is missing"):
        Run(tmp_path / "x").request  # noqa: B018


def test_readers_see_the_old_text_or_the_new(tmp_path):
    replace_text(tmp_path / "a.json", "old")
    replace_text(tmp_path / "a.json", "new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.json", "new")]


def slow_import(workspace: Workspace, tmp_path: Path, rows: int = 20_000) -> Run:
    """An import long enough to be stopped in the middle."""
    line = json.dumps({"question": "q{n}?", "reasoning": "r " * 50, "answer": "a"}) + "\n"
    (tmp_path / "many.jsonl").write_text("".join(line.replace("{n}", str(n)) for n in range(rows)))
    run = workspace.import_run([tmp_path / "many.jsonl"], None, None)
    run.launch()
    return run


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "this takes too long"


def test_a_worker_runs_to_done_and_cannot_be_launched_while_it_does(workspace, tmp_path, wait_for: Wait):
    run = slow_import(workspace, tmp_path, rows=3000)
    with pytest.raises(UserError, match=f"Run '{run.id}' is already (queued|running); cancel it before resuming"):
        run.launch()
    wait_for(run, "done")
    assert run.metrics()[-1]["done"] == run.metrics()[-1]["total"]
    assert run.status().ended is not None


def test_of_two_who_launch_at_once_one_is_refused(workspace, tmp_path, wait_for: Wait):
    run = workspace.import_run([tmp_path], None, None)
    refused: list[str] = []

    def launch() -> None:
        try:
            run.launch()
        except UserError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=launch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_for(run, "done")
    assert len(refused) == 3


def test_a_killed_run_is_lost_shows_nothing_and_finishes_after_launching_again(workspace, tmp_path, wait_for: Wait):
    run = slow_import(workspace, tmp_path)
    until(lambda: bool(list(run.out.glob("part-*"))))
    os.kill(run.status().pid, signal.SIGKILL)
    wait_for(run, "lost")
    assert workspace.take_in() == []
    assert workspace.is_empty()
    (run.folder / "metrics.jsonl").open("a").write('{"done": 5, "to')
    run.launch()
    wait_for(run, "done")
    assert workspace.take_in() == [run.id]
    row = workspace.store.imports().to_pylist()[0]
    assert (row["rows"], row["imported"], row["quarantined"]) == (20_000, 20_000, 0)
    assert run.metrics()[-1]["done"] == run.metrics()[-1]["total"]


def test_a_cancelled_run_says_so_and_may_be_resumed(workspace, tmp_path, wait_for: Wait):
    run = slow_import(workspace, tmp_path, rows=10_000)
    run.cancel()
    wait_for(run, "cancelled")
    assert workspace.take_in() == []
    run.launch()
    wait_for(run, "done")


def test_a_terminated_run_is_cancelled(workspace, tmp_path, wait_for: Wait):
    run = slow_import(workspace, tmp_path)
    until(lambda: bool(list(run.out.glob("part-*"))))
    os.kill(run.status().pid, signal.SIGTERM)
    wait_for(run, "cancelled")
    assert run.status().error is None
