import json

import pytest
from worlds import sums

from curation.job import Job
from training.objectives.sft import Sft
from training.rows.data import render_all
from training.rows.estimate import Pace, Plan, pace, plan
from training.train import train


def test_the_plan_is_what_training_then_does(make_train_run, tokenizer):
    values = {"max_train_tokens": 2_000, "batch_tokens": 300, "gradient_accumulation_steps": 2, "max_length": 50}
    lengths = [len(row.token_ids) for row in render_all(tokenizer, sums(20), 1024)]
    found = plan(Sft(**values), lengths, seed=3)
    run = make_train_run(seed=3, **values)
    train(Job(run))
    scores = run.result("scores.json")
    assert (found.rows, found.tokens, found.steps) == (20, scores["tokens"], scores["steps"])
    assert found.tokens_a_pass == sum(min(length, 50) for length in lengths)


def test_several_processes_share_the_steps():
    one, two = (plan(Sft(max_train_tokens=1_000, batch_tokens=100), [50] * 10, processes=n) for n in (1, 2))
    assert (one, two) == (Plan(10, 500, 1_000, 10), Plan(10, 500, 1_000, 5))


def test_the_pace_is_that_of_earlier_runs_of_the_same_model_and_objective(make_train_run, make_set):
    run = make_train_run()
    (run.out / "scores.json").write_text(json.dumps({"tokens": 1_000, "seconds": 4.0}))
    model = run.request.inputs["model"]
    assert pace([run], model, "sft") == Pace(pytest.approx(250.0), 1)
    assert pace([run], "another", "sft") is pace([run], model, "dpo") is pace([run], model, "sft", 2) is None
    assert pace([], model, "sft") is None
