"""The workspace: what can be started there, and what runs leave in the store."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curation.application.sources import Parts
from curation.engine import apply
from curation.errors import UserError
from curation.imports.mapping import parse_mapping
from curation.operators.count_tokens import CountTokens
from curation.operators.cut import Cut
from curation.operators.difficulty import Difficulty
from curation.operators.drop_segments import DropSegments
from curation.operators.keep_where import KeepWhere
from curation.operators.segment import SegmentReasoning
from curation.operators.verify_answer import VerifyAnswer
from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.runs import PROJECT, Run, all_runs
from curation.workspace import Workspace, basics

Wait = Callable[[Run, str], None]
ROWS = [
    {"question": "1 + 1?", "reasoning": "It is two.\n\nWait, let me check. Yes.", "answer": "2", "reference": "2"},
    {"question": "1 + 1?", "reasoning": "Eleven.", "answer": "11", "reference": "2"},
    {"question": "2 * 3?", "reasoning": "Two threes.", "answer": "6", "reference": "6"},
]
MAPPING = parse_mapping("question=question,reasoning=reasoning,answer=answer,reference=reference")
RIGHT = Recipe(name="right", steps=(VerifyAnswer(), KeepWhere(score="correct", equals=True)))


@pytest.fixture
def filled(workspace: Workspace, write_jsonl, wait_for: Wait) -> Workspace:
    """Three traces of two problems."""
    run = workspace.start_import([write_jsonl("three.jsonl", *ROWS)], MAPPING)
    wait_for(run, "done")
    workspace.take_in()
    return workspace


def test_a_new_workspace_is_empty_folders(workspace):
    assert workspace.is_empty()
    assert {path.name for path in workspace.root.iterdir()} >= {"recipes", "runs", "sets", "winnow.duckdb"}
    assert (workspace.sets(), workspace.take_in()) == ([], [])


def test_each_run_is_taken_in_once_whoever_asks(workspace, write_jsonl, wait_for):
    files = [write_jsonl(f"{n}.jsonl", {**ROWS[0], "question": f"{n}?"}) for n in range(3)]
    runs = [workspace.start_import([file], MAPPING) for file in files]
    for run in runs:
        wait_for(run, "done")
    taken: list[str] = []
    threads = [threading.Thread(target=lambda: taken.extend(workspace.take_in())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(run.id for run in runs)
    assert workspace.store.count(Filter()).rows == 3
    assert workspace.store.imports().num_rows == 3
    workspace.store.close()
    again = Workspace(workspace.root)
    assert again.take_in() == []
    again.store.close()


def test_results_that_cannot_be_read_are_named_once_and_the_others_taken_in(workspace, write_jsonl, wait_for):
    broken, good = (workspace.start_import([write_jsonl(f"{n}.jsonl", ROWS[n])], MAPPING) for n in range(2))
    wait_for(broken, "done")
    wait_for(good, "done")
    (broken.out / "part-00000.parquet").write_bytes(b"PAR1")
    with pytest.raises(
        UserError, match=rf"^The results of run {broken.id} cannot be read .*remove the folder .* again\."
    ):
        workspace.take_in()
    assert workspace.take_in() == []
    assert [row["run"] for row in workspace.store.imports().to_pylist()] == [good.id]


def test_an_import_may_ask_for_its_traces_to_be_measured(workspace, write_jsonl, wait_for):
    row = {"question": "1+1?", "generation": "<think>It is 2.</think>2", "answer": "2"}
    path = write_jsonl("one.jsonl", row)
    run = workspace.import_run([path], measure=basics())
    run.launch()
    wait_for(run, "done")
    workspace.take_in()
    (measuring,) = [other for other in all_runs(workspace.runs_root) if other.request.kind == "annotate"]
    wait_for(measuring, "done")
    workspace.take_in()
    scores = workspace.store.scores(workspace.store.ids(Filter())[0])
    assert {name: scores[name] for name in ("correct", "n_segments", "difficulty_basis")} == {
        "correct": True,
        "n_segments": 1.0,
        "difficulty_basis": "length_rank",
    }


def test_an_import_of_nothing_names_the_path(workspace):
    with pytest.raises(UserError, match=r"^Cannot import nowhere\.jsonl: no such file or folder\. Check the path\.$"):
        workspace.start_import([Path("nowhere.jsonl")])


def test_plain_and_query_annotators_start_together(filled, wait_for):
    run = filled.start_annotate([VerifyAnswer(), Difficulty(), CountTokens()], Filter())
    assert run.request.title == "Annotate: verify_answer, count_tokens"
    wait_for(run, "done")
    assert filled.take_in() == [run.id]
    rows = filled.store.page(Filter()).to_pylist()
    assert [(row["correct"], row["pass_rate"], row["n_tokens"] > 0) for row in rows] == [
        (True, 0.5, True),
        (False, 0.5, True),
        (True, None, True),
    ]


def test_query_annotators_alone_need_no_run(filled, wait_for):
    wait_for(filled.start_annotate([VerifyAnswer()], Filter()), "done")
    filled.take_in()
    assert filled.start_annotate([Difficulty()], Filter()) is None
    assert filled.store.scores(filled.store.ids(Filter())[0])["pass_rate"] == 0.5


def test_what_an_annotator_rests_on_is_measured_with_it(filled, wait_for):
    wait_for(filled.start_annotate([Difficulty()], Filter()), "done")
    filled.take_in()
    assert filled.store.scores(filled.store.ids(Filter())[0])["pass_rate"] == 0.5
    assert list(filled.store.annotations()) == [Difficulty().key(), VerifyAnswer().key()]


def test_a_score_that_nobody_adds_is_refused(filled):
    with pytest.raises(UserError, match=r"^difficulty reads 'x', which no stored annotator adds yet; add one first"):
        filled.start_annotate([Difficulty(correct="x")], Filter())


def test_only_what_is_missing_is_computed(filled, write_jsonl, wait_for):
    wait_for(filled.start_annotate([CountTokens()], Filter()), "done")
    filled.take_in()
    wait_for(filled.start_import([write_jsonl("new.jsonl", {**ROWS[0], "question": "3?"})], MAPPING), "done")
    filled.take_in()
    run = filled.start_annotate([CountTokens()], Filter())
    wait_for(run, "done")
    parts = sorted((run.out / CountTokens().key()).glob("part-*.parquet"))
    assert sum(pq.ParquetFile(path).metadata.num_rows for path in parts) == 1
    filled.take_in()
    assert filled.store.is_complete(CountTokens())


def test_missing_scores_are_those_before_a_mapper(filled, wait_for):
    steps = [VerifyAnswer(), Difficulty(), CountTokens(), Cut(unit="characters"), SegmentReasoning()]
    assert filled.missing_scores(steps) == [VerifyAnswer(), CountTokens()]
    wait_for(filled.start_annotate([VerifyAnswer()], Filter(values={"dataset": ("three",)})), "done")
    filled.take_in()
    assert filled.missing_scores(steps) == [CountTokens()]


def test_a_recipe_becomes_a_set_and_its_scores_go_to_the_store(filled, wait_for):
    run = filled.start_apply(RIGHT, Filter(), "right")
    wait_for(run, "done")
    curated = filled.set("right")
    assert [trace.answer for trace in curated.traces()] == ["2", "6"]
    assert curated.manifest.source == {"filter": {}, "rows": 3}
    assert curated.manifest.rebuild == "python -m curation rebuild right"
    assert Recipe.load(run.folder / "in" / "recipe.yaml") == RIGHT
    assert filled.take_in() == [run.id]
    assert filled.missing_scores(RIGHT.steps) == []


def test_a_preview_shows_what_the_recipe_will_do(filled, wait_for):
    steps = (
        VerifyAnswer(), SegmentReasoning(), DropSegments(), KeepWhere(score="n_chars", minimum=10), CountTokens()
    )  # fmt: skip
    recipe = Recipe(name="pruned", steps=steps)
    preview = filled.open_preview(Filter())
    with preview.apply(recipe.steps) as result:
        shown = [report.model_copy(update={"seconds": 0}) for report in result.reports]
        rows = result.rows()
    preview.close()
    wait_for(filled.start_apply(recipe, Filter(), "pruned"), "done")
    curated = filled.set("pruned")
    assert [report.model_copy(update={"seconds": 0}) for report in curated.manifest.steps] == shown
    assert [trace.id for trace in curated.traces()] == rows.column("id").to_pylist()


def test_a_preview_knows_no_segments_its_recipe_does_not_add(filled, wait_for):
    wait_for(filled.start_annotate([SegmentReasoning()], Filter()), "done")
    filled.take_in()
    with pytest.raises(UserError, match=r"Step 1 \(cut\) failed on 3 of 3 rows .*This trace has no segments"):
        filled.open_preview(Filter()).apply([Cut()])


def test_a_preview_equals_the_recipe_on_the_same_rows_as_files(filled, tmp_path):
    filled.store.write_traces(Filter(), tmp_path / "part-00000.parquet")
    with (
        filled.open_preview(Filter()).apply(RIGHT.steps) as preview,
        apply(RIGHT.steps, Parts([tmp_path / "part-00000.parquet"]), tmp_path / "out") as applied,
    ):
        assert preview.rows() == applied.rows()
        assert list(preview.traces()) == list(applied.traces())


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "../up", "a b", "ü", "x" * 81, "-flag"])
def test_a_set_name_is_letters_digits_and_a_few_signs(filled, name):
    with pytest.raises(UserError, match=r"cannot name a set: use letters, digits, '\.', '_' and '-', at most 80"):
        filled.apply_run(RIGHT, name, chosen=Filter())
    with pytest.raises(UserError, match=r"cannot name a recipe: use letters, digits"):
        filled.save_recipe(Recipe(name=name))


def test_a_set_that_exists_is_refused_before_anything_runs(filled, wait_for):
    wait_for(filled.start_apply(RIGHT, Filter(), "right"), "done")
    with pytest.raises(UserError, match=r"^A curated set 'right' exists already; choose another name\.$"):
        filled.start_apply(RIGHT, Filter(), "right")


def test_a_filter_that_shows_nothing_is_refused(filled):
    with pytest.raises(
        UserError, match=r"^No trace of the workspace .* passes this filter, so there is nothing to curate"
    ):
        filled.start_apply(RIGHT, Filter(values={"dataset": ("nothing",)}), "none")


def test_a_run_killed_after_its_set_was_complete_finishes(filled, wait_for):
    run = filled.start_apply(RIGHT, Filter(), "right")
    wait_for(run, "done")
    status = json.loads((run.folder / "status.json").read_text())
    (run.folder / "status.json").write_text(json.dumps({**status, "state": "running", "ended": None}))
    assert run.status().state == "lost"
    run.launch()
    wait_for(run, "done")
    assert filled.set("right").manifest.rows == 2


def test_own_recipes_hide_shipped_ones_of_the_same_name(workspace):
    assert {"raw", "verified", "pruned"} <= set(workspace.recipes())
    path = workspace.save_recipe(Recipe(name="raw", description="mine"))
    assert workspace.recipes()["raw"] == path
    assert Recipe.load(path).description == "mine"


def test_a_workspace_that_cannot_be_written_is_named(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir()
    code = (
        "import sys; from pathlib import Path; from curation.workspace import Workspace; Workspace(Path(sys.argv[1]))"
    )
    code = f"from curation.console import main\nmain(lambda: exec({code!r}))"
    # a process that may write everywhere is asked for a folder of the kernel's
    target = Path("/proc/self/fdinfo/winnow") if os.geteuid() == 0 else folder / "w"
    folder.chmod(0o500)
    command = [sys.executable, "-c", code, str(target)]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert (ended.stderr.count("\n"), "Traceback" in ended.stderr) == (1, False), ended.stderr
    assert str(target.name) in ended.stderr


def test_a_workspace_that_became_read_only_says_so_whatever_is_started(small_disk):
    made = Workspace(small_disk / "w")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(UserError, match=r"^The store .* cannot be opened: .*Read-only file system"):
        made.store  # noqa: B018
    with pytest.raises(UserError, match=r"cannot be written or read: Read-only file system\. Choose a folder that is"):
        made.start_import([small_disk])


def test_a_workspace_inside_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"The workspace .*file cannot be made: Not a directory\."):
        Workspace(tmp_path / "file")


def test_imported_problems_become_a_benchmark(filled):
    path = filled.write_benchmark("three")
    assert (path, filled.answered()) == (filled.root / "benchmarks" / "three.parquet", ["three"])
    assert {row["reference"] for row in pq.read_table(path).to_pylist()} == {row["reference"] for row in ROWS}


def test_a_dataset_without_answers_is_no_benchmark(filled):
    with pytest.raises(UserError, match="No problem of the dataset 'four' has a reference answer; .* have: three"):
        filled.write_benchmark("four")
    assert not (filled.root / "benchmarks").exists()
