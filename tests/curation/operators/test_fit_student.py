import pytest

from curation.errors import UserError
from curation.operators.fit_student import FitStudent
from curation.runs import PROJECT
from curation.trace import Problem, Trace

STEP = FitStudent(tokenizer=str(PROJECT / "data" / "base_student"))
FINE = {
    "doubled_think": False,
    "orphan_think": False,
    "text_lost": False,
    "prompt_changed": False,
    "prompt_space": False,
}


def scores(reasoning="1 + 2 = 3.", answer="3", question="1 + 2?"):
    return STEP.annotate(Trace(Problem(question), reasoning, answer)).scores


def marked(**texts):
    return {name for name, value in scores(**texts).items() if value is True}


def test_a_plain_trace_is_counted_and_has_no_mark():
    found = scores()
    assert {name: found[name] for name in FINE} == FINE
    assert found["student_tokens"] == found["prompt_tokens"] + found["trained_tokens"]
    assert found["trained_tokens"] > 5


def test_each_mark_has_its_cause():
    assert marked(reasoning="<think>a</think>") == {"doubled_think"}
    assert marked(reasoning="", answer="<think> on") == {"orphan_think"}
    assert marked(reasoning="", answer="a </think> b <think> c") == {"orphan_think"}
    assert marked(question="1 + 2? \n") == {"prompt_space"}


def test_without_a_completion_nothing_is_trained():
    found = scores(reasoning="", answer=" ")
    assert (found["trained_tokens"], found["prompt_tokens"]) == (0, found["student_tokens"])


def test_a_student_that_is_not_here_stops_the_run():
    with pytest.raises(UserError, match=r"The tokenizer '/nowhere' cannot be loaded"):
        FitStudent(tokenizer="/nowhere").annotate_batch([Trace(Problem("q"), "r")])
