import json
import os
import signal
import subprocess
import sys

import pytest
from study_runs import board, found, here, kinds, tried
from worlds import sums, wait

from curation.curated import CuratedSet
from curation.errors import UserError
from curation.imports.run import import_files
from curation.runs import PROJECT, all_runs, find
from curation.workspace import Workspace

HANGING = """
import sys
from pathlib import Path
from curation.job import work

def hang(job):
    while True:
        job.check()

work(Path(sys.argv[1]), {"evaluate": hang})
"""
RECIPE = {"name": "halves", "steps": [{"op": "count_tokens"}, {"op": "cut", "unit": "characters", "amount": 1}]}


@pytest.fixture
def stored(tmp_path):
    """A workspace whose store holds two traces; closed again."""
    path = tmp_path / "traces.jsonl"
    rows = [{"question": f"{n} + 1?", "reasoning": f"{n} and 1 make {n + 1}.", "answer": str(n + 1)} for n in (1, 2)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_files([path], tmp_path / "imported")
    work = Workspace(tmp_path)
    work.store.take_import("20260101-000000-import-test", tmp_path / "imported")
    work.store.close()


def test_a_cell_is_applied_trained_and_evaluated_as_ordinary_runs(begin, stored, tmp_path):
    run = begin(recipe=RECIPE, grid={"recipe.2.amount": [0.5, 1]})
    assert tried(run) is None
    assert kinds(tmp_path) == ["apply", "apply", "evaluate", "evaluate", "study", "train", "train"]
    assert board(run) == [("0.5", 0, "done"), ("1", 0, "done")]
    made = [CuratedSet(path.parent) for path in sorted((tmp_path / "sets").glob("*/manifest.json"))]
    texts = {trace.reasoning for curated in made for trace in curated.traces()}
    assert texts == {"1 and 1 make 2.", "1 and 1", "2 and 1 make 3.", "2 and 1"}
    assert [one["rows"] for one in found(run)] == [2, 2]
    assert (run.out / "table.md").read_text().startswith("| recipe.2.amount | accuracy, 95 % interval |")


def test_the_rows_are_frozen_at_launch(begin, stored, tmp_path):
    run = begin(recipe=RECIPE)
    (tmp_path / "winnow.duckdb").unlink()
    assert tried(run) is None


def test_the_same_study_is_the_same_run_and_does_nothing_twice(begin, make_set, tmp_path):
    make_set(sums(4))
    first = begin(set="sums", grid={"strategy.max_new_tokens": [1, 2]})
    assert tried(first) is None
    again = begin(set="sums", grid={"strategy.max_new_tokens": [1, 2]})
    assert again.id == first.id
    wider = begin(set="sums", grid={"strategy.max_new_tokens": [1, 2, 3]})
    assert tried(wider) is None
    assert kinds(tmp_path) == ["evaluate"] * 3 + ["study"] * 2 + ["train"]
    assert found(wider)[:2] == found(first)


def test_a_study_of_strategies_needs_no_training_where_nothing_is_trained_on(begin, tmp_path):
    run = begin(grid={"strategy.max_new_tokens": [1, 2]})
    assert tried(run) is None
    assert kinds(tmp_path) == ["evaluate", "evaluate", "study"]
    assert [one["train_tokens"] for one in found(run)] == [None, None]


def test_a_failing_cell_is_told_and_leaves_the_others(begin, make_set, tmp_path):
    make_set(sums(4))
    run = begin(set="sums", grid={"objective.max_length": [4, 200]}, seeds=[0, 1])
    error = tried(run)
    assert error.startswith("2 of 4 cells failed, first 4, seed 0: sft of tiny on sums: None of the 4 rows has")
    assert error.endswith("Resuming does only what is missing.")
    assert board(run) == [("4", 0, "failed"), ("4", 1, "failed"), ("200", 0, "done"), ("200", 1, "done")]
    assert [one["labels"] for one in found(run)] == [["200"]]
    before = kinds(tmp_path)
    tried(run)
    assert kinds(tmp_path) == before


def test_a_set_without_rows_fails_its_cell(begin, stored):
    none = {"name": "none", "steps": [{"op": "keep_where", "score": "n_chars", "minimum": 999}]}
    run = begin(recipe=RECIPE, grid={"recipe": [none, RECIPE]})
    assert "has no rows, so there is nothing to train on" in tried(run)
    assert board(run) == [("none", 0, "failed"), ("halves", 0, "done")]


def test_a_run_whose_process_keeps_vanishing_fails_its_cell(begin):
    started = []
    run = begin(grid={"limit": [1]})
    assert "it ended as lost, its log is" in tried(run, started.append)
    assert len(started) == 3


def test_a_cancelled_study_stops_and_goes_on_later(begin, tmp_path):
    run = begin(grid={"limit": [1, 2]})

    def once(cell_run):
        here(cell_run)
        run.cancel()

    tried(run, once)
    assert run.status().state == "cancelled"
    (run.folder / "cancel").unlink()
    tried(run)
    assert board(run) == [("1", 0, "done"), ("2", 0, "done")]
    assert kinds(tmp_path) == ["evaluate", "evaluate", "study"]


def test_a_cancelled_study_stops_the_run_it_waits_for(begin):
    run = begin(grid={"limit": [1, 2]})

    def hanging(cell_run):
        command = [sys.executable, "-c", HANGING, str(cell_run.folder)]
        subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.DEVNULL)
        wait(lambda: cell_run.status().state == "running")
        run.cancel()

    tried(run, hanging)
    (evaluating,) = [other for other in all_runs(run.folder.parent) if other.request.kind == "evaluate"]
    assert (run.status().state, evaluating.status().state) == ("cancelled", "cancelled")


def test_a_study_asks_for_what_is_there_before_it_starts(begin, tmp_path):
    with pytest.raises(UserError, match="There is no curated set 'nope'"):
        begin(set="nope")
    with pytest.raises(UserError, match="There is no student 'nope'"):
        begin(student="nope")
    with pytest.raises(UserError, match="There is no benchmark 'nope'"):
        begin(benchmark="nope")
    with pytest.raises(UserError, match="No trace of the workspace .* passes the filter"):
        begin(recipe=RECIPE, dataset=["nope"])
    assert all_runs(tmp_path / "runs") == []


@pytest.mark.slow
def test_a_study_killed_twice_ends_with_the_table_of_one_left_alone(begin, make_set, tmp_path):
    make_set(sums(20))
    knobs = {"set": "sums", "seeds": [0, 1], "grid": {"strategy.max_new_tokens": [1, 2, 3]}}
    objective = {"objective": "sft", "max_train_tokens": 24_000, "batch_tokens": 400, "save_steps": 10}
    killed = begin(**knobs, objective=objective)
    killed.launch()
    training = first_of(tmp_path, "train")
    wait(lambda: list(training.out.glob("checkpoints/0/checkpoint-*/complete.json")), 180)
    pid = training.status().pid
    os.kill(pid, signal.SIGKILL)  # its process alone: the study resumes it
    wait(lambda: training.status().pid != pid, 180)
    os.kill(killed.status().pid, signal.SIGKILL)  # the study alone
    wait(lambda: killed.status().state == "lost")
    assert tried(killed) is None  # goes on in this process, beside what the killed one had started
    assert kinds(tmp_path) == ["evaluate"] * 6 + ["study"] + ["train"] * 2
    assert board(killed) == [(str(tokens), seed, "done") for tokens in (1, 2, 3) for seed in (0, 1)]
    others = tmp_path / "others"
    (tmp_path / "runs").rename(others)
    alone = begin(**knobs, objective=objective)
    assert tried(alone) is None
    assert found(alone) == found(find(others, killed.id))
    assert len(found(alone)) == 3


def first_of(root, kind):
    def these():
        return [run for run in all_runs(root / "runs") if run.request.kind == kind]

    wait(these)
    return these()[0]
