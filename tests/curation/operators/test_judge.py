import json

import pytest

from curation.backends.scripted import Scripted
from curation.errors import UserError
from curation.models import Completion
from curation.operator import Annotation, Failure
from curation.operators.judge import Judge
from curation.prompting.prompts import shipped
from curation.spec import build
from curation.trace import Problem, Trace
from tests.curation.operators.scripted_asker import asker_of

ONE = Trace(Problem("1 + 1?", "2"), "one and one is two", "2")
OTHER = Trace(Problem("2 + 2?"), "two and two is four")


def judged(answers, traces=(ONE,), **values):
    step = build(Judge, {"model": "teacher", **values})
    found = step.annotate_with(list(traces), asker_of(answers))
    return [one.scores if isinstance(one, Annotation) else one for one in found]


def test_a_score_on_the_scale_is_taken_from_among_other_words():
    assert judged(['Well: {"reason": "fine", "quality": 4}. Yes.']) == [{"judge_quality": 4.0, "judge_unread": 0}]
    assert judged(['{"quality": "4"}'], label_name="strict") == [{"strict_quality": 4.0, "strict_unread": 0}]


@pytest.mark.parametrize(
    "reply", ["good", '{"quality": 6}', '{"quality": 0}', '{"quality": true}', '{"quality": "high"}', '{"score": 4}']
)
def test_what_cannot_be_read_is_unknown_and_counted(reply):
    assert judged([reply]) == [{"judge_quality": None, "judge_unread": 1}]


def test_each_criterion_is_read_by_itself():
    criteria = {"personal": "fits the profile", "right": "is right"}
    assert judged(['{"personal": 3, "right": "?"}'], criteria=criteria) == [
        {"judge_personal": 3.0, "judge_right": None, "judge_unread": 1}
    ]


@pytest.mark.parametrize(("how", "score"), [("mean", 8 / 3), ("median", 2.0), ("majority", 2.0)])
def test_votes_are_asked_with_a_seed_each_and_become_one_score(how, score):
    said = {5: '{"quality": 2}', 6: '{"quality": 2}', 7: '{"quality": 4}', 8: "?"}
    model = Scripted(lambda request: said[request.seed])
    found = judged(model, votes=4, temperature=1, seed=5, aggregate=how)
    assert found == [{"judge_quality": score, "judge_unread": 1}]
    assert [request.seed for request in model.asked] == [5, 6, 7, 8]


def test_choices_go_by_majority_and_a_tie_is_unknown():
    values = {"criteria": {"difficulty": "how hard"}, "choices": ["easy", "medium", "hard"], "temperature": 1}
    prompt = shipped("judge", "difficulty")
    replies = ['{"difficulty": "Hard"}', '{"difficulty": "easy"}', '{"difficulty": "hard"}']
    assert judged(replies, votes=3, prompt=prompt, **values)[0]["judge_difficulty"] == "hard"
    assert judged(replies, votes=2, prompt=prompt, **values)[0]["judge_difficulty"] is None
    assert judged(['{"other": 1}'], prompt=prompt, **{**values, "choices": ["none", "some"]})[0] == {
        "judge_difficulty": None,
        "judge_unread": 1,
    }


def test_the_reply_is_asked_for_in_words_and_as_a_schema():
    request = build(Judge, {"model": "teacher"}).request(ONE)
    assert 'Reply with one JSON object: {"reason": "one or two sentences", "quality": a whole' in str(request.prompt)
    assert json.loads(request.json_schema) == {
        "type": "object",
        "properties": {
            "reason": {"type": "string"},
            "quality": {"type": "integer", "minimum": 1, "maximum": 5},
        },
        "required": ["reason", "quality"],
        "additionalProperties": False,
    }


def test_the_first_reason_is_kept_on_request():
    found = judged(['{"reason": "no step is missing", "quality": 5}'], explain=True)
    assert found == [{"judge_quality": 5.0, "judge_unread": 0, "judge_reason": "no step is missing"}]


class Half(Scripted):
    """Fails for one question."""

    def stream(self, requests):
        for row, request in enumerate(requests):
            if "2 + 2" in str(request.prompt):
                yield row, Completion("", (), "failed", cause="timeout", failure="no answer in 60 s")
            else:
                yield row, Completion('{"quality": 1}', (1,), "stop")


def test_a_row_without_any_answer_failed_and_the_others_are_scored():
    assert judged(Half([]), [ONE, OTHER]) == [
        {"judge_quality": 1.0, "judge_unread": 0},
        Failure(OTHER.id, "timeout: no answer in 60 s"),
    ]


class Long(Scripted):
    """Goes on until it is cut off, for one question before its score."""

    def stream(self, requests):
        for row, request in enumerate(requests):
            score = '{"quality": 1}' if "1 + 1" in str(request.prompt) else '{"reason": "well'
            yield row, Completion(f"{score} and so on", (1, 2), "length")


def test_a_reply_cut_off_behind_its_score_is_read_and_one_before_it_failed():
    assert judged(Long([]), [ONE, OTHER]) == [
        {"judge_quality": 1.0, "judge_unread": 0},
        Failure(OTHER.id, "cut off: the answer reached its limit of 2 tokens"),
    ]


def test_traces_of_one_problem_are_judged_once_where_only_the_problem_is_shown():
    model = Scripted(['{"quality": 2}'])
    same = Trace(ONE.problem, "another way", "2")
    assert len(judged(model, [ONE, same], prompt="{question} {reply}")) == 2
    assert len(model.asked) == 1


def test_values_that_cannot_work_are_refused():
    for values, message in (
        ({"votes": 2}, "several votes at temperature 0"),
        ({"lowest": 5}, "highest 5 must be above lowest 5"),
        ({"criteria": {"unread": "x"}}, "criteria cannot be named unread"),
        ({"prompt": "{question}"}, r"no slot \{reply\}"),
    ):
        with pytest.raises(UserError, match=message):
            build(Judge, {"model": "teacher", **values})
