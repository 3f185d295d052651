"""A clock that is set back: runs stay alive or lost, queue and events keep their order."""

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from curation.application.batches import annotate_batch
from curation.job import Job
from curation.life import started
from curation.operators.count_tokens import CountTokens
from curation.operators.repetition import Repetition
from curation.query.filters import Filter
from curation.runs import Request, Run, Status, all_runs, create, find, replace_text
from curation.table import write_part
from curation.waiting import queue, turn
from curation.workspace import Workspace
from tests.curation.finishing import finish

ASKED = Request(kind="import", worker="curation.worker", title="t")
FUTURE = "20991231-235959"


def dated(root: Path, stamp: str) -> Run:
    """A run whose id says another time."""
    run = create(root, ASKED)
    run.folder.rename(root / f"{stamp}-import-0000")
    return Run(root / f"{stamp}-import-0000")


def test_when_a_process_began_does_not_hang_on_the_clock():
    ticks = int(Path(f"/proc/{os.getpid()}/stat").read_text().rsplit(")", 1)[1].split()[19])
    assert started(os.getpid()) == pytest.approx(ticks / os.sysconf("SC_CLK_TCK"), abs=0.01)


def test_a_process_that_is_gone_has_no_beginning():
    assert started(2**22 + 1) is None


def test_a_run_dated_in_the_future_is_found_alive_and_lost_as_any_other(tmp_path):
    run, other = dated(tmp_path, FUTURE), create(tmp_path, ASKED)
    here = {"pid": os.getpid(), "pid_started": started(os.getpid()), "started": time.time() + 1e9}
    replace_text(run.folder / "status.json", Status(state="running", **here).model_dump_json())
    assert find(tmp_path, run.id).status().state == "running"
    replace_text(run.folder / "status.json", Status(state="running", **here | {"pid_started": 1e9}).model_dump_json())
    assert find(tmp_path, run.id).status().state == "lost"
    assert [found.id for found in all_runs(tmp_path)] == [run.id, other.id]


def test_who_comes_after_the_clock_was_set_back_waits_behind_those_who_were_there(tmp_path):
    before = create(tmp_path, ASKED)
    here = Status(pid=os.getpid(), pid_started=started(os.getpid()))
    replace_text(before.folder / "status.json", here.model_dump_json())
    (tmp_path / ".waiting").mkdir()
    (tmp_path / ".waiting" / f"{time.time_ns() + 10**18}-{before.id}").touch()
    mine = create(tmp_path, ASKED)
    replace_text(mine.folder / "status.json", here.model_dump_json())
    seen: list[list[str]] = []

    def look() -> None:
        seen.append([run.id for run in queue(tmp_path)])
        raise InterruptedError

    with pytest.raises(InterruptedError), turn(mine, look):
        pass
    assert seen == [[before.id, mine.id]]


def test_a_run_says_how_long_it_took_by_a_clock_that_only_goes_forward(tmp_path):
    run = create(tmp_path, ASKED)
    job = Job(run)
    job.status("running")
    job.metric(step=1)
    job.status("done")
    status = run.status()
    assert status.ended >= status.started
    assert [line["time"] >= 0 for line in run.metrics()] == [True]


def test_the_annotation_taken_last_wins_although_its_time_is_earlier(tmp_path, store_of, traces):
    store = store_of(traces)
    for number, (step, year) in enumerate([(Repetition(n=1), 2099), (Repetition(n=2), 2026), (CountTokens(), 2000)]):
        path = tmp_path / str(number) / "part-00000.parquet"
        write_part(annotate_batch(step, traces), path)
        store.take_annotation("", step, [path], at=_year(year))
    assert list(store.annotations()) == [Repetition(n=1).key(), Repetition(n=2).key(), CountTokens().key()]
    assert store.newest("segments") is None


def _year(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


def test_imports_are_listed_as_they_were_taken_in(tmp_path, store_of, traces):
    store = store_of(traces)
    store.take_import("later", tmp_path / "out", at=_year(2000))
    assert [row["run"] for row in store.imports().to_pylist()] == ["later", "run"]


def test_labels_said_after_the_clock_was_set_back_are_the_newest(tmp_path, store_of, traces):
    store_of(traces).close()
    event = {"id": 1, "at": "2099-01-01", "who": "ada", "trace_id": traces[0].id, "name": "decision", "value": "drop"}
    work = Workspace(tmp_path)
    work.journal.write_text(json.dumps({**event, "before": None, "undoes": None}) + "\n")
    work.label(traces[0].id, "decision", "keep", "ada")
    assert [(event.id, event.value) for event in work.events()] == [(2, "keep"), (1, "drop")]
    assert work.labels(traces[0].id) == {"decision": "keep"}
    work.store.close()
    (tmp_path / "winnow.duckdb").unlink()
    again = Workspace(tmp_path)
    assert again.labels(traces[0].id) == {"decision": "keep"}
    again.store.close()


def test_results_are_taken_in_whatever_their_runs_are_dated(workspace, write_jsonl):
    row = {"question": "1+1?", "generation": "<think>It is 2.</think>2", "answer": "2"}
    first = workspace.import_run([write_jsonl("a.jsonl", row)])
    folder = workspace.runs_root / f"{FUTURE}-import-0000"
    first.folder.rename(folder)
    second = workspace.import_run([write_jsonl("b.jsonl", {**row, "question": "2?"})])
    for run in (Run(folder), second):
        finish(run)
    assert sorted(workspace.take_in()) == sorted([folder.name, second.id])
    assert workspace.store.count(Filter()).rows == 2
