import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.job import Job
from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.runs import Request, Status, create
from curation.tasks import apply_task
from curation.trace import Problem
from training.evaluate import SAMPLES
from training.student import TRAINED_ON

OUTPUT = "<think>\nTwo, so \\(1+1=2\\) <b>1</b>.\n</think>\n"
BRIEF = """
name: brief
steps:
- {op: count_tokens}
- {op: keep_where, score: n_tokens, maximum: 22}
"""
BEADS, NUTS, PINS = (f"{name} How many <b>are</b> left?" for name in ("Kim has 4 beads.", "Leo eats nuts.", "Pins."))


def sample(question, mark, number=0):
    """An attempt: right for 1, wrong for 0, without an answer for None."""
    return {
        "problem_id": Problem(question).id, "sample": number, "subject": "beads" if question == BEADS else None,
        "question": question, "reference": "2", "output": OUTPUT, "answer": {1: "2", 0: "3", None: None}[mark],
        "correct": mark == 1, "no_answer": mark is None, "n_tokens": 9, "finish_reason": "stop", "seconds": 0.1,
        "draft": False, "facts": "{}",
    }  # fmt: skip


def done(work, kind, title, **inputs):
    run = create(work.runs_root, Request(kind=kind, worker="training.worker", title=title, inputs=inputs))
    (run.folder / "status.json").write_text(Status(state="done", started=1.0, ended=2.0).model_dump_json())
    return run


@pytest.fixture
def evaluate(workspace):
    """Makes a finished evaluation of attempts by question."""

    def make(student, marks, trained=None, benchmark="sums"):
        run = done(workspace, "evaluate", student, student=student, student_run=trained and str(trained.folder))
        about = {"student": student, "benchmark": benchmark, "strategy": {"strategy": "greedy"}, "seed": 0}
        (run.out / "scores.json").write_text(json.dumps(about))
        rows = [sample(question, mark, n) for question, several in marks.items() for n, mark in enumerate(several)]
        pq.write_table(pa.Table.from_pylist(rows, schema=SAMPLES), run.out / "samples.parquet")
        return run

    return make


@pytest.fixture
def trained(workspace):
    """A student trained on a set of traces of few tokens."""
    job = Job(workspace.apply_run(Recipe.read(BRIEF), "brief", chosen=Filter()))
    apply_task(job)
    run = done(workspace, "train", "sft of base on brief", set=str(workspace.sets_root / "brief"))
    (run.out / "model").mkdir()
    pq.write_table(pa.table({"problem_id": [Problem(PINS).id]}), run.out / TRAINED_ON)
    return run


@pytest.fixture
def two(evaluate):
    """Two evaluations: a solves two problems, b one of them."""
    b = evaluate("owner/b", {BEADS: [1], NUTS: [0]})
    return evaluate("owner/a", {BEADS: [1], NUTS: [1]}), b


def tables(at, column):
    return [frame.value for frame in at.dataframe if column in frame.value.columns]


def test_two_students_are_paired_problem_by_problem(page, two, words):
    at = page("compare", a=two[0].id, b=two[1].id)
    assert not at.exception
    assert [(metric.label, metric.value) for metric in at.metric] == [
        ("Accuracy of A", "100.0%"), ("Accuracy of B", "50.0%"), ("A minus B", "+50.0 points"), ("McNemar p", "1"),
    ]  # fmt: skip
    (listed,) = tables(at, "A")
    assert listed[["A", "B"]].to_dict("records") == [{"A": "right", "B": "wrong"}]
    (board,) = tables(at, "Accuracy")
    assert list(board["Trained on these problems"]) == ["not trained here, so unknown"] * 2
    assert "was not trained here" in words(at)


def test_both_answers_are_drawn_with_mathematics_and_escaped(page, two, words):
    text = words(page("compare"))
    assert text.count("<span>$1+1=2$</span>") == 2
    assert "<b>" not in text


def test_words_that_differ_are_marked_and_escaped(page, two):
    at = page("compare")
    next(toggle for toggle in at.toggle if toggle.label == "Mark the words that differ").set_value(True).run()
    assert not at.exception
    drawn = [item.value for item in at.html if "w-seg" in item.value and "think" in item.value]
    assert len(drawn) == 2
    assert all("&lt;b&gt;1&lt;/b&gt;" in text for text in drawn)


def test_problems_are_chosen_by_outcome_subject_and_missing_answer(page, two, evaluate):
    evaluate("owner/c", {BEADS: [None], NUTS: [0]})
    at = page("compare", a=two[0].id, b=two[1].id)
    place = [name[3:] for name in tables(at, "Accuracy")[0]["Student"]].index("owner/c")
    (listed,) = tables(at, "A")
    assert list(listed[f"Student {place + 1}"]) == ["wrong"]
    box = next(box for box in at.selectbox if box.label == "Without an answer of")
    box.set_value(place).run()
    assert "No problem fits." in [caption.value for caption in at.caption]
    next(group for group in at.segmented_control if group.label == "Problems").set_value("both").run()
    assert not at.exception
    (listed,) = tables(at, "A")
    assert listed[["Question", "Subject", f"Student {place + 1}"]].to_numpy().tolist() == [
        [BEADS, "beads", "no answer"]
    ]


def test_every_student_is_compared_with_the_baseline(page, two, evaluate):
    evaluate("owner/c", {BEADS: [0], NUTS: [0]})
    at = page("compare", baseline=two[1].id)
    (beside,) = tables(at, "p corrected")
    rows = beside[["Student", "Points", "p corrected", "Verdict"]].to_numpy().tolist()
    assert sorted([name[3:], *others] for name, *others in rows) == [
        ["owner/a", 50.0, 1.0, "may be chance"], ["owner/c", -50.0, 1.0, "may be chance"],
    ]  # fmt: skip
    next(box for box in at.selectbox if box.label == "P values with").set_value("benjamini_hochberg").run()
    assert not at.exception
    assert "Benjamini and Hochberg" in " ".join(caption.value for caption in at.caption)
    assert [button.label for button in at.get("download_button")] == ["Download HTML", "Download MD", "Download CSV"]


def test_a_price_adds_costs(page, two):
    at = page("compare")
    next(box for box in at.number_input if box.label == "Price of a million tokens").set_value(1e6).run()
    assert not at.exception
    assert sorted(tables(at, "Cost")[0]["Cost per right answer"]) == [9.0, 18.0]


def test_several_attempts_are_counted_by_problem(page, evaluate):
    b = evaluate("owner/b", {BEADS: [1, 0, 0, 0], NUTS: [0, 0, 0, 0]})
    a = evaluate("owner/a", {BEADS: [1, 1, 0, 0], NUTS: [1, 0, 0, 0]})
    at = page("compare", a=a.id, b=b.id)
    assert not at.exception
    assert ("permutation p", "0.5") in [(metric.label, metric.value) for metric in at.metric]
    assert list(tables(at, "A")[0]["A"]) == ["2 of 4 right", "1 of 4 right"]
    assert list(tables(at, "Accuracy")[0]["Problems"]) == ["2 x 4", "2 x 4"]


def test_a_student_trained_on_a_problem_is_never_shown_as_clean(page, two, evaluate, trained):
    run = evaluate(trained.id, {BEADS: [0], NUTS: [1], PINS: [1]}, trained)
    at = page("compare", a=run.id, b=two[1].id)
    assert not at.exception
    assert "trained on 1 of 3 problems; figures are of the other 2" in at.warning[0].value.replace("\\", "")
    board = tables(at, "Accuracy")[0]
    (line,) = [row for row in board.to_dict("records") if "sft of base on brief" in row["Student"]]
    assert (line["Accuracy"], line["Problems"]) == (0.5, "2")
    next(group for group in at.segmented_control if group.label == "Problems").set_value(None).run()
    listed = tables(at, "A")[0]
    assert dict(zip(listed["Question"], listed["A"], strict=True))[PINS] == "right, seen in training"


def test_different_problems_cannot_be_compared_and_the_page_says_so(page, evaluate):
    evaluate("owner/b", {BEADS: [1]})
    evaluate("owner/a", {NUTS: [1]})
    at = page("compare")
    assert not at.exception
    assert "share 0 problems of 1 and 1" in at.error[0].value
    assert "share 0 problems" in " ".join(caption.value for caption in at.caption)


def test_students_of_another_benchmark_stand_in_a_table_of_their_own(page, two, evaluate):
    evaluate("owner/a", {PINS: [1]}, benchmark="pins")
    at = page("compare")
    box = next(box for box in at.selectbox if box.label == "Benchmark")
    assert box.options == ["sums", "pins", "All benchmarks"]
    box.set_value("All benchmarks").run()
    assert not at.exception
    assert sorted(tables(at, "Accuracy")[0]["Benchmark"]) == ["pins", "sums", "sums"]
    assert "Choose one benchmark to compare its students." in [caption.value for caption in at.caption]


def test_one_student_alone_can_be_looked_into(page, evaluate):
    evaluate("owner/a", {BEADS: [1], NUTS: [0]})
    at = page("compare")
    assert not at.exception
    assert list(tables(at, "A")[0]["A"]) == ["wrong"]


def test_without_an_evaluation_the_page_leads_to_one(page, workspace):
    at = page("compare")
    assert [link.label for link in at.get("page_link")] == ["Evaluate a student"]


def test_a_problem_leads_to_the_dropped_trace_and_its_threshold(page, evaluate, trained, words):
    run = evaluate(trained.id, {BEADS: [0], NUTS: [1]}, trained)
    at = page("compare", a=run.id)
    assert not at.exception
    assert {"Alike", "Question"} <= set(tables(at, "Alike")[0].columns)
    kinds = next(group for group in at.segmented_control if group.label.startswith("Nearest traces"))
    kinds.set_value(False).run()
    assert not at.exception
    assert "is gone since step 2 (keep_where): n\\_tokens is above 22" in words(at)
    next(button for button in at.button if button.label == "Change the threshold").click().run()
    assert not at.exception
    assert at.title[0].value == "Recipes"
    assert at.session_state["draft"].name == "brief"
    assert [step.op for step in at.session_state["draft"].steps if step.uid == at.session_state["open-step"]] == [
        "keep_where"
    ]


def test_the_nearest_traces_can_be_read_in_place(page, evaluate, trained, words):
    run = evaluate(trained.id, {BEADS: [0]}, trained)
    at = page("compare", a=run.id)
    assert "Alike" in tables(at, "Alike")[0].columns
    next(toggle for toggle in at.toggle if toggle.label == "Read the trace").set_value(True).run()
    assert not at.exception
    assert "The answer is <span>$\\boxed{" in words(at)


def test_a_set_that_is_gone_is_said_in_place(page, evaluate, trained, workspace):
    (workspace.sets_root / "brief" / "manifest.json").unlink()
    run = evaluate(trained.id, {BEADS: [0]}, trained)
    at = page("compare", a=run.id)
    assert not at.exception
    assert "There is no curated set 'brief'" in at.error[0].value


def test_a_trace_shows_the_problems_like_it_and_who_solves_them(page, evaluate, workspace):
    evaluate("owner/a", {BEADS: [1], "Unlike.": [0]})
    ids = workspace.store.ids(Filter())
    at = page("traces", trace=ids[0])
    group = next(group for group in at.segmented_control if group.label == "More about this trace")
    group.set_value("Benchmark problems like it").run()
    assert not at.exception
    (near,) = tables(at, "Alike")
    assert near[["Question", "owner/a, greedy"]].to_dict("records") == [
        {"Question": BEADS, "owner/a, greedy": "right"}
    ]
