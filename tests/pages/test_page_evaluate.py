"""The evaluate page: benchmark and card, contamination before the launch, results by strategy, answers to read."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.runs import Request, Status, create
from training.evaluate import SAMPLES

QUESTION = "Ana has 2 beads and finds 3. How many?"
SCORES = {
    "student": "base", "benchmark": "sums", "strategy": {"strategy": "greedy", "max_new_tokens": 512}, "seed": 0,
    "contaminated": 1, "overlapping": 1, "contaminated_ids": ["p"], "overlapping_ids": ["q"],
    "checked_sets": ["right"], "clean": {"n": 1, "accuracy": 0.0, "accuracy_low": 0.0, "accuracy_high": 0.8}, "n": 3,
    "correct": 1, "accuracy": 1 / 3, "accuracy_low": 0.06, "accuracy_high": 0.8, "mean_tokens": 12.0,
    "no_answer_rate": 0.0, "cut_rate": 0.0,
}  # fmt: skip
RIGHT = {
    "problem_id": "p", "sample": 0, "subject": "sums", "question": "1 + <b>1</b>?", "reference": "2",
    "output": "<think>\nTwo, so \\(1+1=2\\).\n</think>\n2", "answer": "2", "correct": True, "no_answer": False,
    "n_tokens": 9, "finish_reason": "stop", "seconds": 0.1, "draft": False, "facts": "{}",
}  # fmt: skip
WRONG = {
    **RIGHT, "problem_id": "q", "subject": "differences", "question": "5 - 4?", "output": "<script>x</script> 3",
    "answer": "3", "correct": False, "facts": '{"budget": 9}',
}  # fmt: skip
CUT = {**WRONG, "problem_id": "r", "finish_reason": "length", "answer": None, "no_answer": True}
SECOND = {**WRONG, "sample": 1, "facts": '{"budget": 20, "violated": true, "score": null}'}
DRAFT = {**WRONG, "sample": 1, "draft": True}


def select(at, label):
    return next(box for box in at.selectbox if box.label == label)


def field(at, label):
    return next(box for box in [*at.text_input, *at.number_input] if box.label == label)


@pytest.fixture
def evaluated(finished):
    """A finished evaluation with measures of two budgets; `more` goes into its scores."""

    def make(**more):
        run = finished("evaluate", "base on sums", scores__json=json.dumps({**SCORES, **more}))
        table = pa.Table.from_pylist([RIGHT, WRONG, CUT, DRAFT], schema=SAMPLES)
        pq.write_table(table, run.out / "samples.parquet")
        return run

    return make


@pytest.fixture
def student(workspace, frozen):
    """A student as a finished train run on the set `right` leaves it."""
    curated = workspace.set("right")
    inputs = {"set": str(curated.folder), "student": "base", "model": "m", "student_run": None, "adapter": None}
    request = Request(kind="train", worker="training.worker", title="sft of base on right", inputs=inputs)
    run = create(workspace.runs_root, request)
    (run.folder / "status.json").write_text(Status(state="done", started=1.0, ended=2.0).model_dump_json())
    (run.out / "model").mkdir()
    ids = sorted({trace.problem.id for trace in curated.traces()})
    pq.write_table(pa.table({"problem_id": ids}), run.out / "problems.parquet")
    return run


def choose_file(page, path, **query):
    at = page("evaluate", **query)
    select(at, "Benchmark").set_value("Another file").run()
    field(at, "Benchmark file").set_value(str(path)).run()
    assert not at.exception
    return at


def test_the_shipped_benchmark_shows_its_card_and_first_problems(page, workspace, words):
    text = words(page("evaluate"))
    assert "600 problems with a reference answer · numeric answers · accuracy · en" in text
    assert "Winnow's generator" in text.replace("\\", "")
    assert "compared by value" in text
    assert text.count("reference answer 16") == 1
    assert "Tokens to generate: at most 307,200." in text


def test_an_empty_workspace_says_what_to_begin_with(page, workspace, words):
    text = words(page("evaluate"))
    assert "Nothing was evaluated yet" in text
    assert "What this student" not in text


def test_an_own_file_is_recognised_and_previewed(page, workspace, tmp_path, words):
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps({"question": "Which?", "choices": ["<i>wood</i>", "iron"], "answer": 1}))
    at = choose_file(page, path)
    text = words(at)
    assert "1 problems with a reference answer · choice answers" in text
    assert "letter extractor, choice comparator" in text
    assert "<i>wood" not in text
    assert not next(button for button in at.button if button.label == "Start evaluation").disabled


def test_a_file_without_answers_shows_its_problems_and_the_remedy(page, workspace, tmp_path, words):
    path = tmp_path / "mine.jsonl"
    path.write_text('{"question": "Why?", "gist": "so"}\n')
    at = choose_file(page, path)
    assert "1 problems, 1 of them without a reference answer" in words(at)
    assert "row 1: no answer" in at.error[0].value
    assert "mine.card.yaml" in at.error[0].value
    assert "Start evaluation" not in [button.label for button in at.button]


def test_a_benchmark_that_reports_pass_at_k_says_what_measures_it(page, workspace, tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text('{"question": "1 + 1?", "answer": "2"}\n')
    (tmp_path / "mine.card.yaml").write_text("metric: pass@k\n")
    at = choose_file(page, path)
    assert "This benchmark reports pass@k" in " ".join(caption.value for caption in at.caption)


def test_problems_seen_in_training_are_told_before_the_launch(page, student, tmp_path):
    path = tmp_path / "mine.jsonl"
    rows = [{"question": QUESTION, "answer": "5"}, {"question": "Cy has 7 nuts. How many?", "answer": "7"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    at = choose_file(page, path, run=student.id)
    assert at.warning[0].value == (
        "The student was trained on 1 of these 2 problems (right). Accuracy on the 1 others will be given beside."
    )
    field(at, "Only the first problems").set_value(1).run()
    assert "trained on 1 of these 1 problems" in at.warning[0].value


def test_a_clean_pair_is_said_to_be_clean(page, student, words):
    at = page("evaluate", run=student.id)
    assert not at.warning
    assert "Neither these problems nor near copies of them are in the student's training sets (right)" in words(at)


def test_a_seen_problem_is_never_reported_without_the_clean_rest(page, workspace, evaluated, words):
    evaluated()
    at = page("evaluate")
    assert at.warning[0].value == (
        "The student was trained on 1 of these problems and trained on near copies of 1. "
        "On the 1 others: 0.0% (0.0% to 80.0%)."
    )
    table = next(frame.value for frame in at.dataframe if "Accuracy unseen" in frame.value.columns)
    assert table[["Seen", "Accuracy unseen"]].to_dict("records") == [{"Seen": 2, "Accuracy unseen": 0.0}]


def test_measures_of_the_strategy_are_tables_and_charts(page, workspace, evaluated):
    rows = [{"budget": b, "accuracy": 0.5, "mean_thinking_tokens": 0.9 * b} for b in (100, 200)]
    evaluated(budgets=rows, **{"pass@1": 0.3, "pass@2": 0.4, "unscored": None})
    at = page("evaluate")
    assert not at.exception
    frames = [frame.value for frame in at.dataframe]
    assert next(f for f in frames if "Measure" in f.columns).to_dict("records") == [
        {"Measure": "pass@1", "Value": "30.0%"},
        {"Measure": "pass@2", "Value": "40.0%"},
        {"Measure": "unscored", "Value": "unknown"},
    ]
    assert next(f for f in frames if "budget" in f.columns)["budget"].to_list() == [100, 200]
    assert len(at.get("plotly_chart")) == 3  # attempts, lengths, by subject


def test_wrong_answers_come_first_and_are_escaped(page, workspace, evaluated, words):
    evaluated()
    at = page("evaluate")
    table = next(frame.value for frame in at.dataframe if "Finish" in frame.value.columns)
    assert table["Answer"].fillna("none").to_list() == ["3", "none"]
    assert table["Finish"].to_list() == ["ended", "cut off"]
    assert "<script>" not in words(at)
    next(button for button in at.button if button.label == "Next").click().run()
    assert not at.exception
    assert "no answer, 9 tokens, cut off at the limit" in words(at)


def test_another_outcome_lists_other_answers(page, workspace, evaluated):
    evaluated()
    at = page("evaluate")
    next(group for group in at.get("button_group") if "Answers" in str(group.label)).set_value("right").run()
    assert not at.exception
    table = next(frame.value for frame in at.dataframe if "Finish" in frame.value.columns)
    assert table["Answer"].to_list() == ["2"]


def test_a_benchmark_that_is_gone_leaves_the_results(page, workspace, evaluated):
    run = evaluated()
    facts = json.loads((run.folder / "run.json").read_text())
    facts["inputs"]["benchmark"] = "/nowhere/bench.jsonl"
    (run.folder / "run.json").write_text(json.dumps(facts))
    at = page("evaluate")
    assert not at.exception
    assert not at.error
    assert "Answers" in [header.value for header in at.subheader]


def test_one_of_several_evaluations_is_chosen_by_the_address(page, workspace, evaluated, words):
    first = evaluated()
    evaluated(accuracy=0.9)
    at = page("evaluate", evaluation=first.id)
    assert ("Accuracy", "33.3%") in [(metric.label, metric.value) for metric in at.metric]
    assert select(at, "Evaluation").value == first.id


def test_a_file_evaluated_on_before_is_offered_again(page, workspace, evaluated, tmp_path, words):
    path = tmp_path / "mine.jsonl"
    path.write_text('{"question": "1 + 1?", "answer": "2"}\n')
    run = evaluated()
    facts = json.loads((run.folder / "run.json").read_text())
    facts["inputs"]["benchmark"] = str(path)
    (run.folder / "run.json").write_text(json.dumps(facts))
    at = page("evaluate")
    assert "mine.jsonl" in select(at, "Benchmark").options
    select(at, "Benchmark").set_value(str(path)).run()
    assert not at.exception
    assert "1 problems with a reference answer" in words(at)


def test_several_attempts_are_counted_apart_from_the_problems(page, workspace, evaluated, words):
    run = evaluated(n=4, problems=3)
    pq.write_table(pa.Table.from_pylist([RIGHT, SECOND, CUT], schema=SAMPLES), run.out / "samples.parquet")
    at = page("evaluate")
    (metric,) = [metric for metric in at.metric if metric.label == "Problems"]
    assert (metric.value, metric.delta) == ("3", "4 attempts")
    table = next(frame.value for frame in at.dataframe if "Finish" in frame.value.columns)
    assert table["Attempt"].to_list() == [2, 1]
    assert "answer 3, 9 tokens, ended by itself, budget 20, violated true" in words(at)
