import pytest

from curation.backends.scripted import Scripted
from curation.errors import UserError
from curation.models import Completion
from curation.operator import Annotation, Failure
from curation.operators.rollout_stats import RolloutStats
from curation.spec import build
from curation.trace import Problem, Trace
from tests.curation.operators.scripted_asker import asker_of

SUM = Trace(Problem("2 + 3?", "5"), "r")
NAMES = ("rollout_pass_rate", "rollout_majority_share", "rollout_n_answered", "rollout_level")


class Failing(Scripted):
    """Answers of which some seeds never come."""

    def __init__(self, failing):
        super().__init__(["The answer is 5."])
        self.failing = failing

    def stream(self, requests):
        for row, completion in super().stream(requests):
            lost = Completion("", (), "failed", cause="timeout", failure="no answer in 60 s")
            yield row, lost if requests[row].seed in self.failing else completion


def stats(answers, trace=SUM, **fields):
    step = RolloutStats(model="student", n=len(answers), **fields)
    [found] = step.annotate_with([trace], asker_of(answers))
    return found


def told(*values):
    return Annotation(dict(zip(NAMES, values, strict=True)))


def test_right_answers_are_counted_and_equal_ones_agree():
    answers = ["\\boxed{5}", "The answer is 5.0.", "\\boxed{6}", "I do not know"]
    assert stats(answers) == told(0.5, 2 / 3, 3, "medium")


@pytest.mark.parametrize(("right", "level"), [(8, "easy"), (6, "easy"), (4, "medium"), (2, "hard"), (1, "hard")])
def test_levels_follow_the_pass_rate(right, level):
    assert stats(["= 5"] * right + ["= 6"] * (8 - right)).scores["rollout_level"] == level


def test_without_reference_only_agreement_is_known():
    trace = Trace(Problem("Any number?"), "r")
    assert stats(["It is 7.", "It is 7.", "It is 8.", "It is 9."], trace) == told(None, 0.5, 4, None)


def test_where_no_answer_is_found_nothing_agrees():
    assert stats(["who knows", "not me"]) == told(0.0, None, 0, "hard")


def test_an_answer_that_was_cut_off_counts_only_where_it_is_marked():
    assert stats(["so 1 and 5 and then", "\\boxed{5} is it, since"], max_new_tokens=4) == told(0.5, 1.0, 1, "medium")


def test_a_problem_is_asked_once_whatever_its_traces():
    model = Scripted(["\\boxed{5}"])
    traces = [SUM, Trace(SUM.problem, "other"), Trace(Problem("Why?"), "r")]
    found = RolloutStats(model="student", n=2).annotate_with(traces, asker_of(model))
    assert [one.scores["rollout_pass_rate"] for one in found] == [1.0, 1.0, None]
    assert len(model.asked) == 4
    assert [request.seed for request in model.asked] == [0, 1, 0, 1]


def test_answers_that_never_came_do_not_count():
    step = RolloutStats(model="student", n=4)
    [some] = step.annotate_with([SUM], asker_of(Failing({0, 2})))
    [none] = step.annotate_with([SUM], asker_of(Failing({0, 1, 2, 3})))
    assert some == told(1.0, 1.0, 2, "easy")
    assert none == Failure(SUM.id, "timeout: no answer in 60 s")


def test_wrong_parameters_are_refused():
    with pytest.raises(UserError, match="hard_to is 0.9, not below easy_from"):
        build(RolloutStats, {"model": "m", "hard_to": 0.9})
    with pytest.raises(UserError, match="the prompt has no slot {question}"):
        build(RolloutStats, {"model": "m", "prompt": "Solve it."})
