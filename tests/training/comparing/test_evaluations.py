import json

import pyarrow as pa
import pytest

from curation.errors import UserError
from curation.models import Completion
from curation.runs import create
from curation.table import write_part
from curation.trace import Problem
from training.comparing.evaluations import Answered, attempts, by_benchmark, called, described, evaluation, samples
from training.evaluate import SAMPLES, grade
from training.launch import evaluate_request
from training.strategies.greedy import Greedy
from training.strategy import Attempt
from training.student import TRAINED_ON, Student


def attempt(question, answer, sample=0, draft=False):
    text = f"\\boxed{{{answer}}}" if answer is not None else "hm"
    completion = Completion(text, (1, 2), "stop")
    return grade(Attempt(Problem(question, "1", "", None, "sums"), completion, sample, draft), 0.0)


@pytest.fixture
def make_run(make_benchmark, tmp_path):
    def make(rows, student=Student("x", "x"), columns=SAMPLES.names, **scores):  # noqa: B008
        path = make_benchmark([{"question": "q", "answer": "1"}])
        run = create(tmp_path / "runs", evaluate_request(student, str(path), Greedy(), seed=2))
        write_part(pa.Table.from_pylist(rows, schema=SAMPLES).select(columns), run.out / "samples.parquet")
        about = {"student": student.name, "benchmark": "bench", "strategy": Greedy().dump(), "seed": 2, **scores}
        (run.out / "scores.json").write_text(json.dumps(about))
        return run

    return make


@pytest.fixture
def trained(make_train_run):
    run = make_train_run()
    write_part(pa.table({"problem_id": [Problem("q").id, Problem("z").id]}), run.out / TRAINED_ON)
    return run


def test_attempts_are_summed_up_problem_by_problem(make_run):
    found = evaluation(make_run([attempt("p", 1), attempt("p", 0, 1), attempt("q", None), attempt("q", 1, 1)]))
    assert list(found.answers.values()) == [
        Answered(Problem("p").id, "p", "1", "sums", 2, 0.5, 0.0, 2.0),
        Answered(Problem("q").id, "q", "1", "sums", 2, 0.5, 0.5, 2.0),
    ]
    assert (found.name, found.benchmark, found.attempts) == ("x, greedy, seed 2", "bench", 2)
    assert (found.contaminated, found.student_run) == (None, None)


def test_drafts_are_never_counted(make_run):
    run = make_run([attempt("p", 0, draft=True), attempt("p", 1, 1)])
    assert evaluation(run).answers[Problem("p").id].right == 1.0
    assert [line["sample"] for line in attempts(run, Problem("p").id)] == [1]


def test_a_run_made_before_there_were_drafts_is_read(make_run):
    older = [name for name in SAMPLES.names if name not in ("draft", "facts")]
    assert samples(make_run([attempt("p", 1)], columns=older)).num_rows == 1


def test_problems_its_training_saw_are_known(make_run, trained):
    student = Student(trained.id, "x", trained.folder)
    found = evaluation(make_run([attempt("p", 1), attempt("q", 1)], student, contaminated=7))
    assert (found.contaminated, found.seen) == (1, {Problem("q").id})
    assert [answer.question for answer in found.clean()] == ["p"]
    assert found.student == f"sft of tiny on sums ({trained.id[-4:]})"


def test_near_copies_an_evaluation_found_are_seen_too(make_run, trained):
    ids = {"contaminated_ids": [Problem("q").id], "overlapping_ids": [Problem("p").id]}
    student = Student(trained.id, "x", trained.folder)
    found = evaluation(make_run([attempt("p", 1), attempt("q", 1), attempt("r", 1)], student, overlapping=1, **ids))
    assert (found.contaminated, found.overlapping) == (1, 1)
    assert [answer.question for answer in found.clean()] == ["r"]


def test_without_the_train_run_no_problem_can_be_called_clean(make_run, tmp_path):
    student = Student("gone", "x", tmp_path / "gone")
    found = evaluation(make_run([attempt("p", 1)], student, contaminated=7))
    assert (found.contaminated, found.seen, found.clean()) == (7, frozenset(), [])


def test_students_have_names_people_use():
    assert called("base", None) == "Shipped base"
    assert called("owner/name", None) == "owner/name"
    assert described({"strategy": "vote", "n": 4, "max_new_tokens": 9}) == "vote, n 4, max new tokens 9"


def test_the_benchmark_with_most_evaluations_comes_first(make_run):
    one, two, three = (
        evaluation(make_run([attempt("p", 1)], benchmark=name)) for name in ("few", "many", "many")
    )  # fmt: skip
    assert by_benchmark([one, two, three]) == {"many": [two, three], "few": [one]}


def test_samples_of_an_unfinished_run_are_refused(make_run):
    run = make_run([])
    (run.out / "samples.parquet").unlink()
    with pytest.raises(UserError, match="has no samples yet"):
        samples(run)


def test_samples_of_a_train_run_are_refused(make_train_run):
    with pytest.raises(UserError, match="is of kind train; compare needs evaluate runs"):
        samples(make_train_run())
