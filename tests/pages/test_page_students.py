import json

import pytest

SCORES = {
    "student": "base", "benchmark": "sums", "strategy": {"strategy": "greedy"}, "seed": 0, "contaminated": 0, "n": 2,
    "correct": 1, "accuracy": 0.5, "accuracy_low": 0.1, "accuracy_high": 0.9, "mean_tokens": 12.0,
    "no_answer_rate": 0.0, "cut_rate": 0.0,
}  # fmt: skip
SAMPLE = {
    "problem_id": "p", "sample": 0, "subject": "sums", "question": "1 + <b>1</b>?", "reference": "2",
    "output": "<think>\nTwo, so \\(1+1=2\\).\n</think>\n2", "answer": "2", "correct": True, "no_answer": False,
    "n_tokens": 9, "finish_reason": "stop", "seconds": 0.1,
}  # fmt: skip


@pytest.fixture
def two(finished):
    """Two evaluations of the same two problems: a solves both, b the first only."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from training.evaluate import SAMPLES

    runs = []
    for student, second in (("b", False), ("a", True)):
        run = finished("evaluate", f"{student} on sums", scores__json=json.dumps({**SCORES, "student": student}))
        wrong = {**SAMPLE, "problem_id": "q", "correct": second, "answer": "2" if second else "3"}
        pq.write_table(pa.Table.from_pylist([SAMPLE, wrong], schema=SAMPLES), run.out / "samples.parquet")
        runs.append(run)
    return runs


def test_training_shows_what_the_student_sees_and_the_form(page, workspace, frozen, words):
    at = page("train")
    assert not at.exception
    assert ("Rows checked", "3 of 3") in [(metric.label, metric.value) for metric in at.metric]
    assert any('<span class="w-trained">' in item.value for item in at.html)
    assert [button.label for button in at.button if button.label.startswith("Start")] == ["Start training"]


def test_a_cut_answer_is_counted_before_the_launch(page, workspace, frozen):
    at = page("train")
    next(box for box in at.number_input if box.label == "Max length").set_value(20).run()
    assert not at.exception
    defects = next(frame.value for frame in at.dataframe if "Defect" in frame.value.columns)
    assert "answer cut" in list(defects["Defect"])


def test_a_finished_training_shows_its_curve_and_leads_on(page, workspace, finished):
    run = finished("train", "sft of base on right", scores__json='{"loss": 0.5}')
    (run.folder / "metrics.jsonl").write_text('{"step": 1, "max_steps": 1, "loss": 2.0}\n')
    at = page("runs", run=run.id)
    assert not at.exception
    assert len(at.get("plotly_chart")) == 1
    assert "Evaluate this student" not in [link.label for link in at.get("page_link")]


def test_a_failed_run_shows_error_log_and_resume(page, workspace, finished):
    run = finished("train", "sft of base on right", state="failed")
    (run.folder / "log.txt").write_text("the end of the log\n")
    at = page("runs", run=run.id)
    assert not at.exception
    assert at.error[0].value == "It broke."
    assert "the end of the log" in [code.value for code in at.code]
    assert "Resume" in [button.label for button in at.button]


def test_evaluation_offers_student_benchmark_and_strategy(page, workspace):
    at = page("evaluate")
    assert not at.exception
    assert [box.label for box in at.selectbox] == ["Student", "Benchmark", "Strategy"]


def test_imported_problems_with_answers_are_offered_as_benchmarks(page, workspace):
    at = page("evaluate")
    box = next(box for box in at.selectbox if box.label == "Benchmark")
    (name,) = [option for option in box.options if option.endswith("(imported)")]
    box.set_value(next(value for value in ("traces (imported)",) if value.replace("_", " ") == name)).run()
    assert not at.exception
    assert "problems with a reference answer" in " ".join(caption.value for caption in at.caption)
    assert [path.name for path in (workspace.root / "benchmarks").iterdir()] == ["traces.parquet"]


def test_a_benchmark_file_that_is_not_there_is_an_error_in_place(page, workspace):
    at = page("evaluate")
    next(box for box in at.selectbox if box.label == "Benchmark").set_value("Another file").run()
    next(box for box in at.text_input if box.label == "Benchmark file").set_value("/nowhere.jsonl").run()
    assert not at.exception
    assert "There is no benchmark '/nowhere.jsonl'" in at.error[0].value


def test_accuracy_is_never_shown_alone(page, workspace, two):
    shown = [metric.label for metric in page("evaluate").metric]
    assert shown == ["Accuracy", "Tokens per answer", "No answer", "Problems"]
