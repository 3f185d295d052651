"""The shortest valid prefix: students and judges that are scripted, so that the right answer is known."""

import json
import math

import pytest

from curation.backends.scripted import Scripted
from curation.errors import UserError
from curation.models import Completion
from curation.operator import Dropped, Failure
from curation.operators.cut import Cut
from curation.prompting.prefixes import INVALID
from curation.spec import build
from curation.trace import Problem, Segment, Trace, tiles
from tests.curation.operators.scripted_asker import asker_of

SEARCH = {"policy": "min_valid_prefix", "model": "student"}
STEPS = ["He has 9. ", "4 + 5 = 9. ", "So 9. ", "Let me check: 9 - 5 = 4. ", "Again, 9. "]


def trace_of(steps, reference="9", **values):
    segments, position = [], 0
    for text in steps:
        segments.append(Segment(position, position + len(text), "attempt"))
        position += len(text)
    problem = Problem(values.pop("question", "How many?"), reference)
    return Trace(problem, "".join(steps), "9 apples", segments=tuple(segments), **values)


def asked_text(request):
    return request.prompt[-1]["content"] + request.prefix


def knows(*needed):
    """A student that is right once the prompt holds these texts."""
    return Scripted(lambda request: "\\boxed{9}" if all(text in asked_text(request) for text in needed) else "8")


def cut(model, *traces, **fields):
    asker = asker_of(model)
    return Cut(**SEARCH, **fields).map_with(list(traces), asker)


def test_a_redundant_tail_goes_and_what_stays_is_the_same_bytes_from_the_first_step():
    trace = trace_of(STEPS)
    [[child]] = cut(knows("4 + 5 = 9."), trace)
    assert child.reasoning == "He has 9. 4 + 5 = 9. "
    assert (child.answer, child.parent_id, child.segments) == ("9 apples", trace.id, trace.segments[:2])
    assert tiles(child.segments, child.reasoning)
    assert json.loads(child.extra) == {"cut": {"kept": 2, "of": 5, "verdicts": [[3, True], [2, True], [1, False]]}}


def test_the_student_is_asked_with_question_and_prefix():
    model, trace = knows("So 9"), trace_of(STEPS)
    cut(model, trace)
    assert Cut(**SEARCH).request(trace) == model.asked[0]
    assert [text in asked_text(model.asked[0]) for text in ("How many?", "So 9. ".strip(), "Let me check")] == [
        True, True, False
    ]  # fmt: skip


def test_a_prompt_without_reasoning_lets_the_student_answer_after_its_own_thoughts():
    model = knows("4 + 5 = 9.")
    [[child]] = cut(model, trace_of(STEPS), prompt="{question}")
    assert child.reasoning == "He has 9. 4 + 5 = 9. "
    assert model.asked[0].prompt == ({"role": "user", "content": "How many?"},)
    assert model.asked[0].prefix == "<think>\nHe has 9. 4 + 5 = 9. So 9.\n</think>\n"


@pytest.mark.parametrize(
    ("order", "verdicts"),
    [
        ("linear", [[1, False], [2, False], [3, False], [4, True]]),
        ("galloping", [[1, False], [3, False], [5, True], [4, True]]),
    ],
)
def test_prefixes_are_tried_in_the_order_that_is_asked_for(order, verdicts):
    [[child]] = cut(knows("9 - 5 = 4."), trace_of(STEPS), search=order)
    assert json.loads(child.extra)["cut"]["verdicts"] == verdicts


def test_traces_take_their_steps_side_by_side():
    sizes = []

    class Counting(Scripted):
        def stream(self, requests):
            sizes.append(len(requests))
            return super().stream(requests)

    traces = [trace_of([f"{name}{step} " for step in range(16)], question=f"{name}?") for name in "abcdefgh"]
    model = Counting(lambda request: "9" if "7" in asked_text(request) else "8")
    found = cut(model, *traces)
    assert [json.loads(made[0].extra)["cut"]["kept"] for made in found] == [8] * 8
    assert max(sizes) == 8
    assert len(sizes) <= math.ceil(math.log2(16)) + 1


def test_a_trace_without_a_valid_prefix_is_dropped_with_the_reason_or_kept():
    trace = trace_of(STEPS)
    assert cut(Scripted(["8"]), trace) == [Dropped(trace.id, INVALID)]
    assert cut(Scripted(["8"]), trace, on_invalid="keep_full") == [[trace]]


def test_a_trace_that_is_needed_whole_stays_itself():
    trace = trace_of(STEPS)
    [made] = cut(knows("Again, 9."), trace)
    assert made == [trace]


def test_several_votes_are_sampled_and_have_to_agree():
    model = Scripted(lambda request: "9" if request.seed < 2 else "8")
    trace = trace_of(STEPS)
    assert cut(model, trace, n_votes=3) == [Dropped(trace.id, INVALID)]
    [[child]] = cut(model, trace, n_votes=3, min_vote=0.6)
    assert child.reasoning == "He has 9. "
    assert {request.temperature for request in model.asked} == {0.7}


def test_the_student_may_write_the_conclusion():
    model, trace = knows("4 + 5 = 9."), trace_of(STEPS)
    [[child]] = cut(model, trace, keep_conclusion="student")
    assert (child.reasoning, child.answer) == ("He has 9. 4 + 5 = 9. ", "\\boxed{9}")
    assert len(model.asked) == 3  # the answer itself was kept


def test_a_child_with_another_answer_is_another_trace():
    model, trace = knows("4 + 5 = 9."), trace_of(STEPS)
    [[teachers]], [[students]] = cut(model, trace), cut(model, trace, keep_conclusion="student")
    assert teachers.id != students.id


def test_a_judge_says_whether_the_prefix_is_enough():
    def verdict(request):
        return 'It is: {"enough": true}' if "So 9." in asked_text(request) else '{"enough": false}'

    model = Scripted(verdict)
    [[child]] = cut(model, trace_of(STEPS), validator="judge")
    assert child.reasoning == "".join(STEPS[:3])
    assert '"enough"' in model.asked[0].json_schema
    assert "9" in asked_text(model.asked[0])


def test_a_verdict_that_cannot_be_read_fails_the_row():
    trace = trace_of(STEPS)
    assert cut(Scripted(["maybe"]), trace, validator="judge") == [
        Failure(trace.id, "unreadable: 'maybe' holds no verdict")
    ]


def test_an_answer_that_never_came_fails_its_row_alone():
    class Lost(Scripted):
        def stream(self, requests):
            for row, completion in super().stream(requests):
                lost = Completion("", (), "failed", cause="context_length", failure="the prompt is too long")
                yield row, lost if "bad?" in asked_text(requests[row]) else completion

    good, bad = trace_of(STEPS), trace_of(STEPS, question="bad?")
    found = cut(Lost(["9"]), bad, good)
    assert found[0] == Failure(bad.id, "context_length: the prompt is too long")
    assert found[1][0].reasoning == "He has 9. "


def test_the_first_right_mention_needs_no_model():
    trace, silent = trace_of(["Count. ", "4 + 5 = 9. ", "Check. "]), trace_of(["Count. ", "Hm. "])
    step = Cut(policy="min_valid_prefix", validator="first_correct")
    assert step.asks() == ()
    [child], dropped = step.map_batch([trace, silent])
    assert child.reasoning == "Count. 4 + 5 = 9. "
    assert dropped == Dropped(silent.id, INVALID)


def test_without_an_asker_a_prefix_that_a_model_judges_is_a_failure_not_a_guess():
    trace = trace_of(STEPS)
    [found] = Cut(**SEARCH).map_batch([trace])
    assert found == Failure(trace.id, "TypeError: policy min_valid_prefix cuts several traces at a time")


def test_least_steps_and_most_calls_bound_the_search():
    model = knows("He has 9.")
    [[child]] = cut(model, trace_of(STEPS), min_steps=3)
    assert child.reasoning == "".join(STEPS[:3])
    [[child]] = cut(model, trace_of(STEPS), max_calls=1)
    assert json.loads(child.extra)["cut"] == {"kept": 3, "of": 5, "verdicts": [[3, True]]}


def test_what_cannot_be_checked_fails_and_an_empty_reasoning_stays():
    bare, open_question, empty = Trace(Problem("q", "9"), "text"), trace_of(STEPS, None), Trace(Problem("q", "9"), "")
    found = cut(Scripted([]), bare, open_question, empty)
    assert found == [
        Failure(bare.id, "the trace has no segments: no prefix can be tried"),
        Failure(
            open_question.id,
            "the problem has no reference answer, so no answer can be checked: no prefix can be tried",
        ),
        [empty],
    ]


def test_a_search_that_cannot_work_is_refused():
    with pytest.raises(UserError, match="min_valid_prefix with the validator student needs a model"):
        build(Cut, {"policy": "min_valid_prefix"})
    with pytest.raises(UserError, match="keep_conclusion student needs the validator student"):
        build(Cut, {**SEARCH, "validator": "judge", "keep_conclusion": "student"})
    with pytest.raises(UserError, match="the prompt has no slot {question}"):
        build(Cut, {"prompt": "Answer!"})
