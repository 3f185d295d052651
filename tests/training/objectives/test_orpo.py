import gzip
import json

import pyarrow.parquet as pq
import pytest
import torch
import torch.nn.functional as F
from preference_worlds import judged_sums, log_probs, task_of

from curation.backends.scripted import Scripted
from curation.backends.transformers_model import load
from curation.errors import UserError
from curation.job import Job
from curation.runs import PROJECT, create
from curation.trace import Problem, Trace
from training.launch import train_request
from training.losses.negatives import Sampling, refresh
from training.objectives.orpo import Orpo
from training.student import resolve
from training.train import train

RIGHT = {"right": "given_correct"}
SET = {**RIGHT, "negatives": "set"}


@pytest.fixture
def task(make_set, student_folder, tmp_path):
    return task_of(make_set(judged_sums(3)), student_folder, tmp_path)


def log_odds(model, pairs):
    """The log-odds of chosen over rejected, from mean log-probabilities of tokens."""
    found = []
    for pair in pairs:
        means = [log_probs(model, pair.prompt, side).mean() for side in (pair.chosen, pair.rejected)]
        odds = [mean - torch.log(1 - mean.exp()) for mean in means]
        found.append(odds[0] - odds[1])
    return torch.stack(found)


@pytest.mark.parametrize("nll", ["full", "completion"])
def test_the_loss_is_likelihood_and_odds_ratio(task, nll):
    trainer = Orpo(**SET, nll=nll, beta=0.7).setup(task).trainer
    pairs = trainer.data_collator.pairs
    with torch.no_grad():
        found = trainer.compute_loss(trainer.model, trainer.data_collator([{"rows": [0, 1, 2]}])).item()
    rows = [([], []) if nll == "full" else (pair.prompt, pair.chosen) for pair in pairs]
    rows = [
        (prompt, side) if side else (pair.prompt[:1], pair.prompt[1:] + pair.chosen)
        for pair, (prompt, side) in zip(pairs, rows, strict=True)
    ]
    likelihood = -torch.cat([log_probs(trainer.model, prompt, side) for prompt, side in rows]).mean()
    wanted = likelihood - 0.7 * F.logsigmoid(log_odds(trainer.model, pairs)).mean()
    assert found == pytest.approx(wanted.item(), abs=1e-5)


def test_thirty_steps_raise_the_odds(task):
    trainer = Orpo(**SET, num_train_epochs=30, per_device_train_batch_size=3, batch_tokens=None).setup(task).trainer
    before = log_odds(trainer.model, trainer.data_collator.pairs).mean()
    trainer.train()
    assert trainer.state.global_step == 30
    assert log_odds(trainer.model, trainer.data_collator.pairs).mean() > before + 0.5


def test_each_epoch_is_a_stage_with_negatives_of_its_own_unless_the_set_gives_them():
    assert Orpo(num_train_epochs=2).stages() == ("epoch 1", "epoch 2")
    assert Orpo(num_train_epochs=2, negatives="set").stages() == ("",)


def test_a_budget_is_shared_by_the_epochs(make_set, student_folder, tmp_path):
    task = task_of(make_set(judged_sums(8)), student_folder, tmp_path)
    whole = Orpo(**SET, max_train_tokens=4000).setup(task).facts["tokens_planned"]
    staged = Orpo(**RIGHT, max_train_tokens=4000, num_train_epochs=4, max_new_tokens=8, k=1).setup(task).facts
    assert 4000 <= whole < 4300
    assert 1000 <= staged["tokens_planned"] < 1300


def test_a_run_draws_before_every_epoch_and_twice_nothing(make_set, student_folder, tmp_path):
    objective = Orpo(**RIGHT, num_train_epochs=2, k=2, max_new_tokens=12)
    curated = make_set([trace for trace in judged_sums(6) if trace.given_correct])
    run = create(tmp_path / "runs", train_request(curated, objective, resolve(str(student_folder), tmp_path)))
    train(Job(run))
    scores = run.result("scores.json")
    assert [stage["stage"] for stage in scores["stages"]] == ["epoch 1", "epoch 2"]
    paths = sorted((run.out / "negatives").rglob("*.parquet"))
    assert [path.relative_to(run.out / "negatives").as_posix() for path in paths] == [
        "0/part-00000.parquet",
        "1/part-00000.parquet",
    ]
    tables = [pq.read_table(path) for path in paths]
    assert [table.num_rows for table in tables] == [12, 12]
    for table in tables:
        assert set(table["negative_source"].to_pylist()) == {"initial", "latest"}
    assert set(tables[1]["checkpoint"].to_pylist()) == {0, 1}
    assert scores["tokens"] == scores["tokens_planned"]
    assert {line["stage"] for line in run.metrics() if "loss" in line} == {"epoch 1", "epoch 2"}
    assert any(line.get("label") == "negatives" for line in run.metrics())
    # a run that lost its model goes on with the answers it has, and ends with the very same weights
    written = {path: path.stat().st_mtime_ns for path in paths}
    (run.out / "scores.json").unlink()
    (run.out / "model").rename(run.out / "first")
    train(Job(run))
    assert {path: path.stat().st_mtime_ns for path in paths} == written
    first, second = (load(str(run.out / name)).model.state_dict() for name in ("first", "model"))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_set_without_right_traces_of_answered_problems_is_refused(make_set, student_folder, tmp_path):
    right = [Trace(Problem("q"), "r", "a", given_correct=True)]
    with pytest.raises(UserError, match="has no right trace of a problem with an answer by 'given_correct'"):
        Orpo(**RIGHT).setup(task_of(make_set(right), student_folder, tmp_path))


def test_a_student_that_is_never_wrong_has_nothing_to_prefer(make_set, student_folder, tmp_path):
    traces = [trace for trace in judged_sums(2) if trace.given_correct]
    task = task_of(make_set(traces), student_folder, tmp_path)
    problems = [trace.problem for trace in traces]
    right = Scripted({problem.question: f"The answer is {problem.reference}." for problem in problems})
    how = Sampling(8, 0.5, 0.8, 512, 0.8, "{question}", 0)
    refresh(right, problems, 0, how, task.out / "negatives", lambda *_: None)
    with pytest.raises(UserError, match="Of 16 answers the student gave to 2 training problems none is wrong"):
        Orpo(**RIGHT).setup(task)


@pytest.mark.slow
def test_the_shipped_student_raises_the_odds_of_the_samples(make_set, tmp_path):
    with gzip.open(PROJECT / "data" / "samples" / "concise_traces.jsonl.gz", "rt") as file:
        rows = [json.loads(next(file)) for _ in range(8)]
    traces = [
        Trace(Problem(row["question"], row["answer"]), "", row["generation"], given_correct=True) for row in rows
    ]
    objective = Orpo(**RIGHT, num_train_epochs=2, k=2, max_new_tokens=120, batch_tokens=1500)
    run = create(tmp_path / "runs", train_request(make_set(traces), objective, resolve("base", tmp_path)))
    train(Job(run))
    odds = [line["log_odds_chosen"] for line in run.metrics() if "loss" in line]
    assert odds[-1] > odds[0] + 0.5
