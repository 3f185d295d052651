"""Stops between two steps of the application itself: what was asked for is still done, and no half run is seen."""

import pytest

from curation.query.filters import Filter
from curation.runs import Request, all_runs, staged
from curation.workspace import Workspace, basics
from tests.curation.finishing import finish

ROW = {"question": "1+1?", "generation": "<think>It is 2.</think>2", "answer": "2"}
ASKED = Request(kind="annotate", worker="curation.worker", title="t")


def measuring(work: Workspace) -> list[str]:
    return [run.id for run in all_runs(work.runs_root) if run.request.kind == "annotate"]


def test_what_an_import_asked_to_be_measured_is_started_after_a_stop_and_only_once(workspace, write_jsonl, wait_for):
    imported = finish(workspace.import_run([write_jsonl("one.jsonl", ROW)], measure=basics()))
    workspace.store.take_import(imported.id, imported.out)  # and here the process was killed
    workspace.store.close()
    for _ in range(2):
        again = Workspace(workspace.root)
        assert again.take_in() == []
        (started,) = measuring(again)
        again.store.close()
    (run,) = (run for run in all_runs(workspace.runs_root) if run.id == started)
    assert run.request.inputs == {"of": imported.id}
    wait_for(run, "done")
    last = Workspace(workspace.root)
    assert last.take_in() == [run.id]
    assert last.store.scores(last.store.ids(Filter())[0])["correct"]
    assert measuring(last) == [run.id]
    last.store.close()


def test_a_run_is_seen_once_all_it_reads_is_there(tmp_path):
    with staged(tmp_path, ASKED) as run:
        (run.folder / "in" / "part-00000.parquet").write_bytes(b"")
        assert all_runs(tmp_path) == []
    assert [found.id for found in all_runs(tmp_path)] == [run.id]


def test_a_run_that_cannot_be_filled_is_no_run(tmp_path):
    with pytest.raises(KeyboardInterrupt), staged(tmp_path, ASKED):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
