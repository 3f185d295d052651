import pytest
from solving import Line, asked, lines, solved

from curation.backends.scripted import Scripted
from curation.errors import UserError
from curation.trace import Problem
from training.answering.stages import Stage
from training.strategies.pipeline import Pipeline
from training.strategy import STRATEGIES

ONE = Problem("1 + 1 + 1?", "3", extra='{"plan": "count to three"}')
TWO = Problem("5 + 5?", "10", extra='{"plan": "two hands"}')
ANSWER = {"name": "answer", "instruction": "{plan}: {question}"}


def planned(output="model", **answers):
    plan = Stage(name="plan", student="planner", max_new_tokens=3, stop=["."], output=output)
    strategy = Pipeline(stages=[plan, Stage(**ANSWER)])
    planner, solver = Scripted(["add once. Then", "add twice"]), Scripted(["is 3", "is 10"])
    return strategy, solved(strategy, [ONE, TWO], solver, planner=planner), planner, solver


def test_each_stage_reads_what_the_ones_before_wrote():
    strategy, table, planner, solver = planned()
    assert lines(table) == [
        Line("1 + 1 + 1?", 0, "add once", None, False, 2, {"stage": "plan"}, True),
        Line("1 + 1 + 1?", 0, "is 3", "3", True, 4, {"stage": "answer", "program": None}),
        Line("5 + 5?", 0, "add twice", None, False, 2, {"stage": "plan"}, True),
        Line("5 + 5?", 0, "is 10", "10", True, 4, {"stage": "answer", "program": None}),
    ]
    assert asked(planner) == ["1 + 1 + 1?", "5 + 5?"]
    assert asked(solver) == ["add once: 1 + 1 + 1?", "add twice: 5 + 5?"]
    assert [(one.max_new_tokens, one.stop) for one in planner.asked] == [(3, (".",))] * 2
    assert strategy.measures(table) == {"stages": {"plan": 2.0}}


@pytest.mark.parametrize(
    ("output", "first", "second", "plans_asked"),
    [
        ("oracle", "count to three: 1 + 1 + 1?", "two hands: 5 + 5?", 0),
        ("empty", ": 1 + 1 + 1?", ": 5 + 5?", 0),
        ("shuffled", "add twice: 1 + 1 + 1?", "add once: 5 + 5?", 2),
    ],
)
def test_a_stage_may_be_replaced_to_see_how_much_it_is_used(output, first, second, plans_asked):
    _, _, planner, solver = planned(output)
    assert asked(solver) == [first, second]
    assert len(planner.asked) == plans_asked


def test_the_last_stage_may_write_a_program():
    strategy = Pipeline(stages=[Stage(name="answer")], form="pot")
    table = solved(strategy, [ONE], Scripted(["ans = 1 + 1 + 1"]))
    facts = {"stage": "answer", "program": "finished"}
    assert lines(table) == [Line("1 + 1 + 1?", 0, "ans = 1 + 1 + 1", "3", True, 7, facts)]


def test_an_oracle_a_benchmark_row_does_not_have_is_asked_for():
    strategy = Pipeline(stages=[Stage(name="facts", output="oracle"), Stage(name="answer")])
    with pytest.raises(UserError, match=r"row of '1 \+ 1 \+ 1\?' has no text 'facts'; its other fields: plan\. Write"):
        solved(strategy, [ONE], Scripted(["3"]))


@pytest.mark.parametrize(
    ("stages", "match"),
    [
        ([{"name": "a"}, {"name": "a"}], "every stage needs a name of its own other than question, found a, a"),
        ([{"instruction": "{question}"}], r"pipeline needs the field 'stages\.0\.name'\."),
        ([{"name": "a", "models": "b"}], r"pipeline has no field 'stages\.0\.models'\."),
        ([{"name": "question"}], "other than question, found question"),
        ([{"name": "a", "output": "empty"}], "the last stage answers, so its output is the model's, found empty"),
    ],
)
def test_stages_that_do_not_fit_are_refused(stages, match):
    with pytest.raises(UserError, match=match):
        STRATEGIES.parse({"strategy": "pipeline", "stages": stages})
