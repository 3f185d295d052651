import json
from pathlib import Path

import pytest

from curation.errors import UserError
from curation.life import started
from curation.runs import Request, Run, Status, create, replace_text
from curation.tidying import needed, old_checkpoints, remove, size, unneeded


def made(root: Path, kind: str, state: str = "done", inputs: dict | None = None) -> Run:
    worker = "training.worker" if kind in ("train", "evaluate") else "curation.worker"
    run = create(root / "runs", Request(kind=kind, worker=worker, title="t", inputs=inputs or {}))
    replace_text(run.folder / "status.json", Status(state=state).model_dump_json())
    return run


def test_the_size_is_that_of_all_files(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.bin").write_bytes(bytes(300))
    (tmp_path / "c.bin").write_bytes(bytes(40))
    assert size(tmp_path) == 340


def test_a_run_is_needed_by_runs_sets_and_studies_that_name_it_and_not_by_itself(tmp_path):
    student = made(tmp_path, "train")
    scores = json.dumps({"student": student.id})
    (student.out / "scores.json").write_text(json.dumps({"run": student.id}))
    evaluation = made(tmp_path, "evaluate", inputs={"student": student.id})
    (evaluation.out / "scores.json").write_text(scores)
    for place in ("sets/mine/manifest.json", "studies/first/study.yaml"):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).write_text(scores)
    assert needed(tmp_path) == {student.id: [f"run {evaluation.id}", "set mine", "study first"]}
    assert [item.run.id for item in unneeded(tmp_path)] == [evaluation.id]


def test_imports_that_are_done_stay_for_the_store_and_recipes_for_their_set(tmp_path):
    (tmp_path / "sets" / "mine").mkdir(parents=True)
    (tmp_path / "sets" / "mine" / "manifest.json").write_text("{}")
    done, failed = made(tmp_path, "import"), made(tmp_path, "import", "failed")
    applied = made(tmp_path, "apply", inputs={"set": str(tmp_path / "sets" / "mine")})
    gone = made(tmp_path, "apply", inputs={"set": str(tmp_path / "sets" / "gone")})
    assert needed(tmp_path) == {done.id: ["the store, which is rebuilt from it"], applied.id: ["set mine"]}
    assert {item.run.id for item in unneeded(tmp_path)} == {failed.id, gone.id}


def test_only_training_that_is_done_gives_up_its_checkpoints(tmp_path):
    runs = [made(tmp_path, "train", state) for state in ("done", "cancelled")]
    for run in runs:
        (run.out / "checkpoints" / "0").mkdir(parents=True)
        (run.out / "checkpoints" / "0" / "w.bin").write_bytes(bytes(1000))
    (found,) = old_checkpoints(tmp_path)
    assert (found.run.id, found.bytes) == (runs[0].id, 1000)
    assert remove([found], tmp_path) == 1000
    assert not (runs[0].out / "checkpoints").exists()
    assert (runs[1].out / "checkpoints").exists()
    assert (runs[0].folder / "run.json").exists()


def test_a_run_that_came_to_be_needed_in_the_meantime_is_not_removed(tmp_path):
    student = made(tmp_path, "train")
    found = unneeded(tmp_path)
    evaluation = made(tmp_path, "evaluate", inputs={"student": student.id})
    with pytest.raises(UserError, match=f"Run '{student.id}' is needed by run {evaluation.id}; remove that first"):
        remove(found, tmp_path)
    assert student.folder.exists()
    assert remove([item for item in unneeded(tmp_path)], tmp_path) > 0
    assert remove(unneeded(tmp_path), tmp_path) > 0
    assert not student.folder.exists()


def test_a_run_that_was_resumed_in_the_meantime_is_not_removed(tmp_path):
    import os

    run = made(tmp_path, "train", "failed")
    found = unneeded(tmp_path)
    began = started(os.getpid())
    status = Status(state="running", pid=os.getpid(), pid_started=began)
    replace_text(run.folder / "status.json", status.model_dump_json())
    with pytest.raises(UserError, match="is running; cancel it before removing"):
        remove(found, tmp_path)
