import pytest
from worlds import sum_trace, sums

from curation.backends.transformers_model import load
from curation.errors import UserError
from curation.job import Job
from training.launch import train_request
from training.objective import Task
from training.objectives.sft import Sft
from training.rows.data import render
from training.running import checkpoints
from training.running.held_out import HeldOut, split
from training.student import resolve
from training.train import train

TINY = {"batch_tokens": 400, "max_train_tokens": 4_000, "held_out": 0.25, "eval_steps": 5}


def measured(run):
    return {line["step"]: line["held_out_loss"] for line in run.metrics() if "held_out_loss" in line}


def test_a_problem_is_held_out_with_all_its_traces_in_whatever_set_it_is():
    traces = sums(400)
    found = split([*traces, *traces], 0.25, 0)
    assert 70 <= len({trace.id for trace in found.held_out}) <= 130
    assert len(found.trained) + len(found.held_out) == 800
    assert not {trace.problem.id for trace in found.trained} & {trace.problem.id for trace in found.held_out}
    half = split(traces[:200], 0.25, 0)
    assert half.held_out == [trace for trace in found.held_out[: len(found.held_out) // 2] if trace in traces[:200]]
    assert split(traces, 0.25, 1).held_out != split(traces, 0.25, 0).held_out


def test_at_least_one_problem_is_held_out_and_none_where_no_share_is_asked_for():
    assert len(split(sums(3), 0.01, 0).held_out) == 1
    assert split(sums(3), 0.0, 0).held_out == []


def test_a_share_that_leaves_nothing_to_train_on_is_refused():
    with pytest.raises(UserError, match=r"held_out \(0.5\) leaves none of the 1 problems of the set to train on"):
        split([sum_trace(1, 2)], 0.5, 0)


def test_the_loss_is_the_mean_over_trained_tokens_and_the_model_is_left_in_training(
    student_folder, tokenizer, tmp_path
):
    import torch

    loaded = load(str(student_folder), dtype="float32")
    loaded.model.train()
    traces = sums(5)
    task = Task(loaded, None, [], tmp_path, 0, lambda name: None, held_out=traces)
    found = HeldOut(Sft(eval_problems=0, batch_tokens=100), task).measure(loaded.model)
    total = tokens = 0
    for row in (render(tokenizer, trace, 1024) for trace in traces):
        labels = torch.tensor([row.labels])
        loss = loaded.model.eval()(input_ids=torch.tensor([row.token_ids]), labels=labels).loss
        total, tokens = total + float(loss.detach()) * row.trained, tokens + row.trained
    assert found == {"held_out_loss": pytest.approx(total / tokens, abs=1e-4)}
    assert loaded.model.train().training


def test_accuracy_is_of_at_most_so_many_problems_with_an_answer(student_folder, tmp_path):
    loaded = load(str(student_folder), dtype="float32")
    task = Task(loaded, None, [], tmp_path, 0, lambda name: None, held_out=[*sums(5), *sums(5)])
    measure = HeldOut(Sft(eval_problems=3, max_length=40), task)
    assert [problem.question for problem in measure.problems] == [trace.question for trace in sums(3)]
    assert measure.measure(loaded.model)["held_out_accuracy"] == 0.0


def test_held_out_problems_are_measured_before_while_and_after_and_never_trained_on(make_train_run, tmp_path):
    run = make_train_run(**TINY | {"max_length": 60, "eval_problems": 2})
    train(Job(run))
    scores = run.result("scores.json")
    held_out = split(sums(20), 0.25, 0).held_out
    trained = resolve(run.id, tmp_path / "runs").problems()
    assert trained == {trace.problem.id for trace in sums(20)} - {trace.problem.id for trace in held_out}
    assert (scores["rows"], scores["held_out_problems"]) == (20 - len(held_out), len(held_out))
    losses = measured(run)
    assert list(losses) == sorted({0, *range(5, scores["steps"], 5), scores["steps"]})
    assert losses[scores["steps"]] == scores["held_out_loss"] < losses[0]
    assert scores["held_out_accuracy"] is not None
    assert "kept_step" not in scores


def test_training_ends_early_and_keeps_the_best_step(make_train_run):
    import torch

    hot = {"learning_rate": 0.05, "lr_scheduler_type": "constant_with_warmup", "max_train_tokens": 40_000}
    run = make_train_run(**TINY | hot, eval_problems=0, early_stopping_patience=2, save_steps=1000, save_total_limit=1)
    train(Job(run))
    scores, losses = run.result("scores.json"), measured(run)
    best = min((step for step in losses if step), key=losses.get)
    assert (scores["stopped_early"], scores["kept_step"], scores["best_step"]) == (True, best, best)
    assert scores["held_out_loss"] == losses[best]
    assert scores["steps"] == best + 10 == max(losses)
    saved = checkpoints.last(run.out / "checkpoints" / "0")
    assert checkpoints.step(saved) == best
    kept, checkpoint = load(str(run.out / "model")).model, load(str(saved)).model
    assert all(torch.equal(a, b) for a, b in zip(kept.parameters(), checkpoint.parameters(), strict=True))


def test_patience_without_held_out_problems_is_refused_before_launch(make_set, student_folder, tmp_path):
    student = resolve(str(student_folder), tmp_path / "runs")
    with pytest.raises(UserError, match=r"early_stopping_patience \(2\) looks at held-out problems and held_out is 0"):
        train_request(make_set(sums(3)), Sft(early_stopping_patience=2), student)
