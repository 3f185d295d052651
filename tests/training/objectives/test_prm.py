import json
import random
from dataclasses import replace
from functools import partial

import pytest

from curation.errors import UserError
from curation.job import Job
from curation.runs import create
from curation.trace import Problem, Trace
from training.answering.step_scorer import open_scorer
from training.launch import train_request
from training.losses.step_training import auc
from training.objective import Task
from training.objectives.prm import Prm
from training.rows.data import IGNORED
from training.student import resolve
from training.train import train

RIGHT, WRONG = ("1 + 1 = 2", "2 + 2 = 4"), ("1 + 1 = 3", "2 + 2 = 5")
FAST = {"num_train_epochs": 12, "learning_rate": 0.005, "batch_tokens": 400}


def solution(number):
    """Four steps, the wrong ones among them planted."""
    rng = random.Random(number)
    right = [rng.random() < 0.5 for _ in range(4)]
    steps = "\n".join(rng.choice(RIGHT if one else WRONG) for one in right)
    return Trace(Problem(f"Problem {number}?", "4"), steps, extra=json.dumps({"step_labels": right}))


@pytest.fixture
def make_run(student_folder, make_set, tmp_path):
    """A prm run of the tiny student on eighty solutions, not launched."""

    def make(traces=None, **parameters):
        curated = make_set([solution(number) for number in range(80)] if traces is None else traces)
        student = resolve(str(student_folder), tmp_path / "runs")
        return create(tmp_path / "runs", train_request(curated, Prm(**parameters), student, 0))

    return make


@pytest.fixture
def make_task(student_folder, make_set, tmp_path):
    """A prm task of the tiny student."""

    def make(traces, objective):
        named = partial(resolve, runs=tmp_path / "runs")
        student = objective.load(named(str(student_folder)))
        return Task(student, make_set(traces), traces, tmp_path / "checkpoints", 0, named)

    return make


def test_planted_wrong_steps_are_told_from_right_ones(make_run, tmp_path):
    run = make_run(**FAST)
    train(Job(run))
    scores = run.result("scores.json")
    assert scores["auc_before"] < 0.9
    assert scores["auc"] > 0.95
    assert scores["rows_held_out"] > 0 == scores["rows_unlabelled"]
    curve = [line["auc"] for line in run.metrics() if "auc" in line]
    assert sum(curve[-5:]) / 5 > 0.95 > sum(curve[:5]) / 5
    assert not (run.out / "model").exists()
    found = open_scorer(run.id, tmp_path / "runs").scores("Problem 1?", "1 + 1 = 2\n2 + 2 = 5\n1 + 1 = 2")
    assert min(found[0], found[2]) > 0.5 > found[1]


def test_only_the_marks_behind_the_steps_are_trained_and_the_loss_is_cross_entropy(make_task):
    import torch

    objective = Prm(held_out=0.0, num_train_epochs=1)
    traces = [Trace(Problem("q"), "1 + 1 = 2\n2 + 2 = 5"), Trace(Problem("long"), "1 + 1 = 2")]
    task = make_task(traces, objective)
    trainer = objective.setup(task).trainer
    batch = trainer.data_collator([trainer.train_dataset[0]])
    judged = batch["labels"] != IGNORED
    trainer.model.eval()  # the head drops a tenth of its inputs while it learns
    assert task.student.tokenizer.decode(batch["input_ids"][judged]) == "\n\n\n"
    assert sorted(batch["labels"][judged].tolist()) == [0, 1, 1]
    with torch.no_grad():
        loss = trainer.compute_loss(trainer.model, batch).item()
        logits = trainer.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits[judged]
    chance = logits.softmax(-1)[:, 1]
    label = batch["labels"][judged].float()
    binary = -(label * chance.log() + (1 - label) * (1 - chance).log()).mean()
    assert loss == pytest.approx(binary.item(), abs=1e-5)


def test_the_labels_of_the_rows_can_be_trained_on_without_any_arithmetic(make_run):
    traces = [
        Trace(Problem(f"Problem {number}?"), "So.\nThus.\nHence.", extra=json.dumps({"label": number % 4 - 1}))
        for number in range(20)
    ]
    run = make_run([*traces, Trace(Problem("No label"), "So.")], labels="given", num_train_epochs=1, held_out=0.0)
    train(Job(run))
    scores = run.result("scores.json")
    assert (scores["rows_unlabelled"], scores["steps_labelled"], scores["steps_right"]) == (1, 60, 30)
    assert scores["auc"] is None  # nothing was held out


def test_a_set_that_says_nothing_of_its_steps_is_refused(make_task):
    objective = Prm(labels="given")
    with pytest.raises(UserError, match="None of the 1 rows says which of its steps are right"):
        objective.setup(make_task([Trace(Problem("q"), "1 + 1 = 2")], objective))


def test_held_out_rows_are_those_of_other_problems(make_task):
    objective = Prm(held_out=0.5)
    traces = [replace(solution(number % 4), id=str(number)) for number in range(12)]
    facts = objective.setup(make_task(traces, objective)).facts
    assert (facts["rows_trained"], facts["rows_held_out"]) == (6, 6)


def test_the_body_is_the_students_own(make_task, student_folder):
    import torch

    from curation.backends.transformers_model import load

    student = load(str(student_folder)).model.model.state_dict()
    scorer = make_task([solution(1)], Prm()).student.model.model.state_dict()
    assert all(torch.equal(student[name], scorer[name]) for name in student)


def test_adapters_leave_a_whole_scorer(make_run, tmp_path):
    run = make_run(num_train_epochs=1, lora=True, lora_r=4)
    train(Job(run))
    assert len(open_scorer(run.id, tmp_path / "runs").scores("q", "1 + 1 = 2\n2 + 2 = 5")) == 2


def test_auc_is_the_chance_that_a_right_step_is_scored_higher():
    assert auc([0.9, 0.8, 0.3, 0.1], [True, False, True, False]) == 0.75
    assert auc([0.5, 0.5], [True, False]) == 0.5
    assert auc([0.5], [True]) is None
