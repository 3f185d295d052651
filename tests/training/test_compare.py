import pyarrow as pa
import pytest

from curation.errors import UserError
from curation.models import Completion
from curation.runs import create
from curation.table import write_part
from curation.trace import Problem
from training.compare import Agreement, compare, pair, samples
from training.evaluate import SAMPLES, grade
from training.launch import evaluate_request
from training.strategies.greedy import Greedy
from training.strategy import Attempt
from training.student import Student


def table(answers):
    """Samples of problems named by their question, right where the answer is 1."""
    rows = [
        grade(Attempt(Problem(question, "1"), Completion(f"\\boxed{{{answer}}}", (1, 2), "stop")), 0.0)
        for question, answer in answers.items()
    ]
    return pa.Table.from_pylist(rows, schema=SAMPLES)


A = {"p": 1, "q": 1, "r": 0, "s": 0, "t": 1}
B = {"t": 0, "s": 0, "r": 1, "q": 1, "p": 0}


def test_problems_are_paired_whatever_their_order():
    pairs = pair(table(A), table(B))
    assert pairs["question"].to_pylist() == ["p", "q", "r", "s", "t"]
    assert pairs["outcome"].to_pylist() == ["only_a", "both", "only_b", "neither", "only_a"]
    assert pairs["answer_a"].to_pylist() == ["1", "1", "0", "0", "1"]
    assert pairs["answer_b"].to_pylist() == ["0", "1", "1", "0", "0"]


def test_the_comparison_is_paired():
    result = compare(pair(table(A), table(B)))
    assert result.agreement == Agreement(both=1, only_a=2, only_b=1, neither=1)
    assert (result.accuracy_a, result.accuracy_b, result.difference) == (0.6, 0.4, 0.2)
    assert result.p_value == 1.0
    assert result.interval.low < 0 < result.interval.high
    assert result.as_dict()["agreement"] == {"both": 1, "only_a": 2, "only_b": 1, "neither": 1}


def test_a_run_compared_with_itself_does_not_differ():
    result = compare(pair(table(A), table(A)))
    assert (result.difference, result.p_value, result.needed) == (0.0, 1.0, None)


def test_different_problems_are_refused_with_their_overlap():
    with pytest.raises(UserError, match="different problems: 5 and 2, of which 1 are in both"):
        pair(table(A), table({"p": 1, "z": 1}))


def test_of_several_samples_the_first_is_compared():
    twice = pa.concat_tables([table({"p": 1}), table({"p": 0})])
    assert pair(twice, table({"p": 1}))["outcome"].to_pylist() == ["both"]


@pytest.fixture
def evaluate_run(make_benchmark, tmp_path):
    path = make_benchmark([{"question": "q", "answer": "1"}])
    return create(tmp_path / "runs", evaluate_request(Student("x", "x"), str(path), Greedy()))


def test_samples_of_an_unfinished_run_are_refused(evaluate_run):
    with pytest.raises(UserError, match="has no samples yet"):
        samples(evaluate_run)


def test_samples_of_a_train_run_are_refused(make_train_run):
    with pytest.raises(UserError, match="is of kind train; compare needs two evaluate runs"):
        samples(make_train_run())


def test_samples_are_those_of_the_run(evaluate_run):
    write_part(table(A), evaluate_run.out / "samples.parquet")
    assert samples(evaluate_run) == table(A)
