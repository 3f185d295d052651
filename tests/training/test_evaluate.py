import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from worlds import sum_trace

from curation.backends.scripted import Scripted
from curation.benchmarking.card import Verifier
from curation.intervals import wilson
from curation.job import Cancelled, Job
from curation.models import Completion
from curation.runs import create
from curation.trace import Problem
from training.evaluate import PART, SAMPLES, evaluate, final_answer, grade, graded, scores
from training.launch import evaluate_request
from training.strategies.greedy import Greedy
from training.strategy import Attempt, Setting
from training.student import resolve
from training.train import train


def completion(text, n=3, reason="stop", n_prompt=None):
    return Completion(text, tuple(range(n)), reason, n_prompt)


def no_other(name):
    raise AssertionError(name)


def test_the_answer_is_read_after_the_reasoning():
    assert final_answer("<think>\nmaybe 7\n</think>\nThe answer is 8.", "8", complete=True) == "8"


def test_a_reasoning_that_never_ends_gives_no_answer():
    assert final_answer("<think>\nthe answer is 8, but wait", "8", complete=False) is None


def test_a_number_in_an_answer_that_was_cut_is_no_conclusion():
    assert final_answer("First 3 + 4 = 7, then", "8", complete=False) is None
    assert final_answer("First 3 + 4 = 7. The answer is 8. Also", "8", complete=False) == "8"


def test_a_prompt_that_opened_the_think_block_does_not_hide_the_answer():
    assert final_answer("1 + 1\n</think>\n\\boxed{2}", "2", complete=True) == "2"


def test_a_sample_is_graded_with_all_that_was_measured():
    row = grade(Attempt(Problem("1+1?", "2", subject="easy"), completion("\\boxed{2}", n_prompt=7)), 0.5)
    assert row == {
        "problem_id": Problem("1+1?").id,
        "sample": 0,
        "subject": "easy",
        "question": "1+1?",
        "reference": "2",
        "output": "\\boxed{2}",
        "answer": "2",
        "correct": True,
        "no_answer": False,
        "n_tokens": 3,
        "finish_reason": "stop",
        "seconds": 0.5,
        "draft": False,
        "facts": "{}",
        "n_prompt_tokens": 7,
    }


def test_the_verifier_of_a_benchmark_finds_and_compares_the_answer():
    attempt = Attempt(Problem("Which?\nA) 1\nB) 2", "B"), completion("It has 7 parts, so the answer is (B)."))
    assert grade(attempt, 0.5, Verifier("letter", "choice"))["correct"]
    assert not grade(attempt, 0.5, Verifier("last_number", "numeric"))["correct"]


def test_scores_stand_together():
    texts = [("\\boxed{2}", 4, "stop"), ("\\boxed{3}", 6, "stop"), ("<think> on and on", 20, "length")]
    rows = [grade(Attempt(Problem(f"q{n}", "2"), completion(*text)), 0.5) for n, text in enumerate(texts)]
    found = scores(pa.Table.from_pylist(rows, schema=SAMPLES))
    low, high = found.pop("accuracy_low"), found.pop("accuracy_high")
    assert (low, high) == pytest.approx((0.0615, 0.7923), abs=5e-5)
    assert found == {
        "n": 3,
        "problems": 3,
        "correct": 1,
        "accuracy": 1 / 3,
        "mean_tokens": 10,
        "median_tokens": 6,
        "tokens_per_correct": 30.0,
        "cost": None,
        "no_answer_rate": 1 / 3,
        "cut_rate": 1 / 3,
        "seconds": 1.5,
    }


def test_nothing_correct_leaves_tokens_per_correct_unknown():
    row = grade(Attempt(Problem("q", "2"), completion("\\boxed{3}")), 0.5)
    assert scores(pa.Table.from_pylist([row], schema=SAMPLES))["tokens_per_correct"] is None


def test_greedy_asks_each_question_once_and_keeps_the_order():
    model = Scripted({"a": "1", "b": "2"})
    attempts = Greedy(max_new_tokens=9).solve([Problem("b"), Problem("a")], Setting(model, no_other))
    assert [(attempt.problem.question, attempt.completion.text) for attempt in attempts] == [("b", "2"), ("a", "1")]
    assert [request.max_new_tokens for request in model.asked] == [9, 9]


def test_an_evaluation_counts_contamination_and_goes_on_where_it_stopped(make_train_run, make_benchmark, tmp_path):
    trained = make_train_run(max_train_tokens=200)
    train(Job(trained))
    rows = [{"question": sum_trace(n, n + 1).question, "answer": str(2 * n + 1)} for n in range(PART + 5)]
    student = resolve(trained.id, tmp_path / "runs")
    request = evaluate_request(student, str(make_benchmark(rows)), Greedy(max_new_tokens=3))
    run = create(tmp_path / "runs", request)
    evaluate(Job(run))
    first, second = sorted((run.out / "samples").iterdir())
    samples, result = pq.read_table(run.out / "samples.parquet"), run.result("scores.json")
    assert (result["n"], result["contaminated"], result["student"]) == (PART + 5, 20, trained.id)
    assert (result["overlapping"], result["clean"]["n"], result["checked_sets"]) == (0, PART + 5 - 20, ["sums"])
    assert samples["question"].to_pylist() == [row["question"] for row in rows]
    kept = first.stat().st_mtime_ns
    second.unlink()
    (run.out / "samples.parquet").unlink()
    evaluate(Job(run))
    assert first.stat().st_mtime_ns == kept
    again = pq.read_table(run.out / "samples.parquet")
    assert again.drop_columns("seconds") == samples.drop_columns("seconds")


def test_a_stopped_evaluation_reads_its_finished_answers_and_asks_only_the_rest(
    make_benchmark, student_folder, tmp_path
):
    rows = [{"question": f"{n}?", "answer": "99"} for n in range(6)]
    request = evaluate_request(
        resolve(str(student_folder), tmp_path), str(make_benchmark(rows)), Greedy(max_new_tokens=2)
    )
    run = create(tmp_path / "runs", request)
    run.cancel()
    with pytest.raises(Cancelled):
        evaluate(Job(run))
    journal = run.out / "samples" / "part-00000.jsonl"
    [line] = journal.read_text().splitlines()
    values = json.loads(line)
    values["completion"]["text"] = "\\boxed{99}"  # what no student of random weights writes
    journal.write_text(json.dumps(values) + "\n")
    (run.folder / "cancel").unlink()
    evaluate(Job(run))
    samples = pq.read_table(run.out / "samples.parquet")
    assert samples["correct"].to_pylist().count(True) == 1
    assert samples["question"].to_pylist() == [row["question"] for row in rows]
    assert not journal.exists()


def test_several_attempts_at_a_problem_are_counted_as_one_problem():
    problems = [Problem("a", "1"), Problem("b", "1")]
    texts = [["1", "1", "1", "1"], ["2", "2", "2", "2"]]
    rows = graded(
        [
            Attempt(problem, completion(text, n=2, n_prompt=5), sample)
            for problem, own in zip(problems, texts, strict=True) for sample, text in enumerate(own)
        ],
        8.0,
    )  # fmt: skip
    found = scores(pa.Table.from_pylist(rows, schema=SAMPLES))
    assert (found["accuracy_low"], found["accuracy_high"]) == pytest.approx(wilson(1, 2))
    assert (found["n"], found["problems"], found["accuracy"], found["cost"]) == (8, 2, 0.5, 56)
    assert found["seconds"] == 8.0


def test_time_is_shared_by_tokens_and_a_draft_takes_no_time_of_its_own():
    problem = Problem("a", "1")
    drafts = [Attempt(problem, completion("1", n=3), 0, draft=True), Attempt(problem, completion("1", n=1), 1, True)]
    final = Attempt(problem, completion("1", n=3), n_tokens=4, n_prompt_tokens=20)
    other = Attempt(Problem("b", "1"), completion("1", n=4, n_prompt=6))
    rows = graded([*drafts, final, other], 16.0)
    assert [(row["draft"], row["n_tokens"], row["n_prompt_tokens"], row["seconds"]) for row in rows] == [
        (True, 3, None, 6.0),
        (True, 1, None, 2.0),
        (False, 4, 20, 8.0),
        (False, 4, 6, 8.0),
    ]


def test_what_was_decided_otherwise_is_not_compared():
    attempt = Attempt(Problem("a", "1"), completion(""), answer="chosen", decided=True, correct=True)
    assert grade(attempt, verifier=Verifier("auto", "numeric"))["correct"] is True


def test_where_nothing_is_generated_time_is_shared_evenly():
    rows = graded([Attempt(Problem(name, "1"), completion("", n=0)) for name in "ab"], 3.0)
    assert [row["seconds"] for row in rows] == [1.5, 1.5]


def test_a_limit_takes_the_first_problems(make_benchmark, student_folder, tmp_path):
    rows = [{"question": f"{n}?", "answer": "1"} for n in range(9)]
    student = resolve(str(student_folder), tmp_path)
    request = evaluate_request(student, str(make_benchmark(rows)), Greedy(max_new_tokens=2), limit=4)
    run = create(tmp_path / "runs", request)
    evaluate(Job(run))
    result = run.result("scores.json")
    assert (result["n"], result["contaminated"], result["benchmark"]) == (4, None, "bench")
