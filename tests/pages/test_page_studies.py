import json
from dataclasses import asdict

import pytest

from curation.runs import all_runs
from training.studies.results import Outcome
from training.studies.study import Study

SWEEP = Study.parse(
    {
        "name": "sweep", "recipe": "verified", "benchmark": "word_problems", "seeds": [0, 1],
        "grid": {"objective.learning_rate": [0.001, 0.01], "strategy.max_new_tokens": [8, 16]},
        "expected": "More is <b>better</b>.",
    }
)  # fmt: skip


def outcome(labels, accuracy):
    return asdict(
        Outcome(
            labels=labels, seeds=[0, 1], rows=4, tokens_per_row=20.0, accuracies=[accuracy, accuracy],
            accuracy=accuracy, low=accuracy - 0.1, high=accuracy + 0.1, tokens_per_answer=12.0, tokens_low=11.0,
            tokens_high=13.0, tokens_per_correct=24.0, no_answer_rate=0.25, train_tokens=600.0, train_seconds=2.0,
            evaluate_seconds=1.0,
        )
    )  # fmt: skip


@pytest.fixture
def swept(finished, tmp_path):
    """A study's run of which one cell failed."""
    found = [outcome(("0.001", "8"), 0.5), outcome(("0.01", "8"), 0.75), outcome(("0.01", "16"), 0.25)]
    numbers = {"accuracy": 0.5, "mean_tokens": 12.0, "no_answer_rate": 0.25}
    cell = {"labels": ["0.001", "8"], "name": "0.001, 8", "seed": 0, "state": "done", "id": "a", **numbers}
    cell["runs"] = {"train": "t", "evaluate": "e"}
    failed = {**cell, "labels": ["0.001", "16"], "id": "b", "state": "failed", "error": "sft of base: no rows"}
    run = finished(
        "study", "Study sweep, 8 cells", state="failed",
        study__json=json.dumps({"study": SWEEP.dump(), "outcomes": found, "axes": list(SWEEP.grid)}),
        cells__json=json.dumps({"cells": [cell, failed]}),
    )  # fmt: skip
    path = run.folder / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "spec": SWEEP.dump()}))
    return run


def box(at, label):
    return next(item for item in at.selectbox if item.label == label)


def captions(at):
    return " ".join(caption.value for caption in at.caption)


def test_a_new_study_says_how_many_cells_it_has(page, workspace):
    at = page("studies")
    assert not at.exception
    assert "3 cells = 1 combination × 3 seeds: 1 set to make, 3 trainings, 3 evaluations" in captions(at)
    assert "No study was started yet" in captions(at)


def test_a_knob_multiplies_the_cells(page, workspace):
    at = page("studies")
    box(at, "Knob 1").set_value("objective.learning_rate").run()
    next(item for item in at.text_area if item.label == "Values").set_value("0.001, 0.01").run()
    assert not at.exception
    assert "6 cells = 2 combinations × 3 seeds: 1 set to make, 6 trainings, 6 evaluations" in captions(at)


def test_a_wrong_value_is_refused_in_place_and_the_launch_waits(page, workspace):
    at = page("studies")
    box(at, "Knob 1").set_value("strategy.max_new_tokens").run()
    next(item for item in at.text_area if item.label == "Values").set_value("0").run()
    assert not at.exception
    assert "greedy.max_new_tokens: input should be greater than or equal to 1" in at.error[0].value
    assert next(button for button in at.button if button.label == "Start study").disabled


def test_a_shipped_study_is_opened_into_the_form_and_saved(page, workspace):
    at = page("studies")
    box(at, "Study").set_value("truncation").run()
    next(button for button in at.button if button.label == "Open study").click().run()
    assert not at.exception
    assert "15 cells = 5 combinations × 3 seeds: 5 sets to make, 15 trainings, 15 evaluations" in captions(at)
    next(button for button in at.button if button.label == "Save study").click().run()
    saved = Study.load(workspace.root / "studies" / "truncation.yaml")
    assert saved.grid == {"recipe.5.amount": [0.1, 0.25, 0.5, 0.75, 1]}


def test_a_study_is_launched_from_the_page(page, workspace):
    at = page("studies")
    next(button for button in at.button if button.label == "Start study").click().run()
    (run,) = [run for run in all_runs(workspace.runs_root) if run.request.kind == "study"]
    run.cancel()
    assert not at.exception
    assert run.request.title == "Study study, 3 cells"
    assert [source["rows"] for source in run.request.inputs["sources"].values()] == [4]


def test_what_a_study_found_is_charted_beside_what_was_expected(page, workspace, swept, words):
    at = page("studies", run=swept.id)
    assert not at.exception
    assert len(at.get("plotly_chart")) == 4
    assert "More is" in words(at)
    assert "<b>better</b>" not in words(at)
    found = next(frame.value for frame in at.dataframe if "95 % from" in frame.value.columns)
    assert found[["learning rate (sft)", "max new tokens (greedy)", "Accuracy"]].values.tolist() == [
        ["0.001", "8", 0.5], ["0.01", "8", 0.75], ["0.01", "16", 0.25]
    ]  # fmt: skip


def test_a_failed_cell_is_told_with_its_reason(page, workspace, swept):
    at = page("studies", run=swept.id)
    assert at.error[0].value == "It broke."
    assert "1 done, 1 failed" in captions(at)
    cells = next(frame.value for frame in at.dataframe if "Reason" in frame.value.columns)
    assert cells["Reason"].dropna().to_dict() == {1: "sft of base: no rows"}
