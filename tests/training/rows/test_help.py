import pytest
from worlds import sum_trace, sums

from curation.encoders import load_encoder
from curation.errors import UserError
from curation.trace import Problem, Trace, canonical_json
from training.rows.help import before_question, contexts, nearest


def test_nearest_problems_are_alike_and_never_the_problem_itself():
    questions = ["How many red apples are left?", "How many green apples are left?", "Name the capital of France."]
    traces = [Trace(Problem(question), "so", "1", sample=n) for question in questions for n in range(2)]
    found = nearest(traces, 2, load_encoder())
    assert [[shot.question for shot in found[Problem(question).id]][:1] for question in questions[:2]] == [
        [questions[1]],
        [questions[0]],
    ]
    for question in questions:
        shown = [shot.question for shot in found[Problem(question).id]]
        assert len(shown) == len(set(shown)) == 2
        assert question not in shown


def test_there_are_no_more_shots_than_other_problems():
    found = nearest(sums(2), 5, load_encoder())
    assert [len(shots) for shots in found.values()] == [1, 1]
    assert nearest(sums(1), 5, load_encoder()) == {sum_trace(0, 1).problem.id: []}


def test_knowledge_and_shots_stand_before_the_question_and_nothing_does_at_the_end():
    trace, shot = sum_trace(3, 4), sum_trace(1, 2)
    knowledge = {trace.id: "Add both numbers."}
    assert before_question(trace, knowledge, 1.0, [shot]) == (
        "Add both numbers.\n\nWhat is 1 + 2?\n1 + 2 = 3.\nThe answer is 3."
    )
    assert before_question(trace, knowledge, 0.0, []) == ""


def test_texts_are_read_from_a_key_of_the_extra_values():
    first = Trace(Problem("a"), "r", extra=canonical_json({"hints": ["one", "two"]}))
    second = Trace(Problem("b"), "r", extra=canonical_json({"level": 3}))
    assert contexts([first, second], "hints") == {first.id: "one\ntwo"}
    with pytest.raises(UserError, match=r"No trace has a text under 'tips' .* the set's keys: hints, level\."):
        contexts([first, second], "tips")
