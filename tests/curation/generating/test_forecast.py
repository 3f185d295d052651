import json

import pytest

from curation.backends.meter import UNPRICED, Price
from curation.connection import CONNECTIONS
from curation.generating.forecast import Forecast, Past, forecast, most_calls, past_of, price_of, told
from curation.operators.generate import Generate
from curation.runs import Request, all_runs, create
from curation.trace import Problem

ASK = "{question}"
STEP = Generate(model="m", n=2, max_new_tokens=100, prompt=ASK)
PROBLEMS = [Problem("one two three four five"), Problem("one two three")]


def line(time, **values):
    return {"time": time, "kept": 0, **values}


def test_limits_bound_it_and_earlier_traces_tell_what_is_usual():
    past = Past(traces=10, calls=10, prompt_tokens=50, generated_tokens=200, seconds=4.0)
    assert forecast(STEP, PROBLEMS, Price(2.0, 10.0), past) == Forecast(
        traces=4, most_calls=4, several=False, prompt_tokens=16, most_tokens=400, most_cost=0.004032, usual_tokens=80,
        usual_cost=pytest.approx(0.00084), seconds=1.6,
    )  # fmt: skip


def test_what_nobody_knows_stays_unknown():
    found = forecast(STEP, PROBLEMS, UNPRICED, Past())
    assert found == Forecast(4, 4, False, 16, 400, None, None, None, None)
    assert forecast(STEP, PROBLEMS, Price(1.0, None), Past(2, 2, 9, 40, 0.0))[5:] == (None, 80, None, None)


def test_no_problem_takes_nothing():
    assert forecast(STEP, [], Price(1.0, 1.0), Past()) == Forecast(0, 0, False, 0, 0, 0.0, None, None, None)


def test_problems_without_an_answer_to_show_are_not_counted():
    step = Generate(model="m", gold="visible", prompt="{question} {reference}")
    problems = [Problem("one", "1"), Problem("two", "2")]
    assert forecast(step, problems, UNPRICED, Past()).traces == 2


def test_some_problems_stand_for_all():
    many = [Problem("one two"), Problem("one two three four")] * 500
    assert forecast(STEP, many, UNPRICED, Past()).prompt_tokens == pytest.approx(2000 * 3, rel=0.1)


@pytest.mark.parametrize(
    ("values", "calls"),
    [
        ({}, 1),
        ({"first_prompt": ASK}, 2),
        ({"mode": "stepwise", "max_steps": 4}, 5),
        ({"mode": "outline", "steps": 4, "budgets": [0.5]}, 4),
        ({"mode": "outline", "max_steps": 4}, 7),
    ],
)
def test_a_mode_says_how_many_calls_a_trace_takes_at_most(values, calls):
    assert most_calls(Generate(model="m", **values)) == calls


def test_every_budget_of_an_outline_is_a_trace():
    step = Generate(model="m", mode="outline", steps=4, budgets=[0.5, 1.0])
    found = forecast(step, PROBLEMS, UNPRICED, Past())
    assert (found.traces, found.most_calls) == (4, 4 * 6)


def test_several_calls_a_trace_have_no_bound_on_their_prompts_so_none_on_their_cost():
    found = forecast(Generate(model="m", mode="stepwise", max_steps=4), PROBLEMS, Price(1.0, 1.0), Past())
    assert (found.several, found.most_calls, found.most_cost) == (True, 10, None)


def test_the_sessions_of_a_resumed_run_are_summed_and_kept_answers_left_out():
    resumed = [
        {"time": 1.0, "done": 0, "total": 9},
        line(5.0, answers=3, prompt_tokens=9, generated_tokens=30),
        {"time": 0.5, "done": 3, "total": 9},
        line(4.0, problems=9, traces=9, answers=9, prompt_tokens=18, generated_tokens=60, kept=3),
        {"time": 4.5, "done": 9, "total": 9},
    ]
    for_nothing = [line(2.0, problems=4, traces=4, answers=4, prompt_tokens=0, generated_tokens=0, kept=4)]
    assert told([resumed, for_nothing]) == Past(6, 6, 18, 60, 9.5)
    assert told([]) == Past()
    assert Past().pace is None


def test_only_runs_of_the_same_model_and_mode_count(tmp_path):
    for model, tokens in (("m", 7), ("other", 100)):
        spec = {"step": {"op": "generate", "model": model, "mode": "free"}}
        run = create(tmp_path, Request(kind="generate", worker="curation.worker", title="t", spec=spec))
        said = {"time": 2.0, "traces": 1, "problems": 1, "answers": 1, "kept": 0, "generated_tokens": tokens}
        (run.folder / "metrics.jsonl").write_text(json.dumps(said) + "\n")
    assert past_of(STEP, all_runs(tmp_path)) == Past(1, 1, 0, 7, 2.0)


def test_a_connection_without_prices_has_an_unknown_one():
    url = {"backend": "server", "url": "http://localhost:1/v1", "model": "m"}
    assert price_of(CONNECTIONS.parse({**url, "prompt_price": 1, "generated_price": 2})) == Price(1.0, 2.0)
    assert price_of(CONNECTIONS.parse({"backend": "transformers", "model": "base"})) == UNPRICED
