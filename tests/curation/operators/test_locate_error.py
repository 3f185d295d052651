import pytest

from curation.backends.scripted import Scripted
from curation.errors import UserError
from curation.models import Completion
from curation.operator import Annotation, Failure
from curation.operators.locate_error import UNKNOWN, LocateError
from curation.spec import build
from curation.trace import Problem, Segment, Trace
from tests.curation.operators.scripted_asker import asker_of


def trace_of(steps, reference="9", question="How many?"):
    segments, position = [], 0
    for text in steps:
        segments.append(Segment(position, position + len(text), "attempt"))
        position += len(text)
    return Trace(Problem(question, reference), "".join(steps), segments=tuple(segments))


def asked_text(request):
    return request.prompt[-1]["content"] + request.prefix


def misled_by(*wrong):
    """A model that reaches 9 unless one of these texts stands in its prompt."""
    return Scripted(lambda request: "so 8" if any(text in asked_text(request) for text in wrong) else "so 9")


def locate(model, *traces, **fields):
    return LocateError(model="student", **fields).annotate_with(list(traces), asker_of(model))


def told(step):
    return Annotation({"first_error_step": step, "error_found": step is not None})


@pytest.mark.parametrize("wrong", range(1, 12))
def test_the_first_step_from_which_nobody_recovers_is_found(wrong):
    steps = [f"step {place:02d}. " for place in range(1, 12)]
    assert locate(misled_by(steps[wrong - 1].strip()), trace_of(steps), n=2) == [told(wrong)]


def test_where_every_prefix_can_be_finished_there_is_no_error():
    assert locate(misled_by("nothing"), trace_of(["a. ", "b. "]), n=1) == [told(None)]


def test_an_error_in_the_first_step_is_unknown_to_a_model_that_cannot_solve_the_problem():
    trace = trace_of(["a. ", "b. ", "c. "])
    assert locate(Scripted(["so 8"]), trace, n=2) == [UNKNOWN]
    assert locate(misled_by("a."), trace, n=2) == [told(1)]


def test_the_share_of_right_rollouts_decides():
    model = Scripted(lambda request: "so 9" if request.seed < (1 if "b." in asked_text(request) else 3) else "so 8")
    trace = trace_of(["a. ", "b. ", "c. "])
    assert locate(model, trace, n=4) == [told(None)]
    assert locate(model, trace, n=4, min_share=0.5) == [told(2)]


def test_what_is_not_decidable_is_unknown():
    bare = Trace(Problem("q", "9"), "text")
    assert locate(Scripted([]), bare, trace_of(["a. "], None)) == [UNKNOWN, UNKNOWN]


def test_a_rollout_that_never_came_fails_the_row():
    class Lost(Scripted):
        def stream(self, requests):
            for row, _ in enumerate(requests):
                yield row, Completion("", (), "failed", cause="timeout", failure="no answer in 60 s")

    trace = trace_of(["a. ", "b. "])
    assert locate(Lost([]), trace, n=2) == [Failure(trace.id, "timeout: no answer in 60 s")]


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ('The third. {"first_error_step": 3}', told(3)),
        ('{"first_error_step": 0}', told(None)),
        ('{"first_error_step": 4}', UNKNOWN),
        ('{"first_error_step": true}', UNKNOWN),
        ('{"first_error_step": "2"}', UNKNOWN),
        ("Step 2 is wrong.", UNKNOWN),
    ],
)
def test_a_judge_names_the_step(reply, found):
    model = Scripted([reply])
    assert locate(model, trace_of(["a. ", "b. ", "c. "]), by="judge") == [found]
    assert "1. a.\n2. b.\n3. c." in asked_text(model.asked[0])


def test_the_request_shown_is_the_first_one():
    trace = trace_of(["a. ", "b. ", "c. "])
    for by in ("judge", "rollouts"):
        model = Scripted(["so 9"])
        locate(model, trace, by=by)
        assert LocateError(model="student", by=by).request(trace) == model.asked[0]


def test_prompts_without_their_slots_are_refused():
    with pytest.raises(UserError, match="the prompt has no slot {steps}"):
        build(LocateError, {"model": "m", "judge_prompt": "{question}"})


def processbench(shared_rows):
    rows = shared_rows("processbench_sample/processbench_gsm8k.json")[:40]
    return [(row["problem"], row["steps"], row["label"] + 1 or None) for row in rows]


def mistakes(shared_rows):
    rows = shared_rows("bigbench_mistake/tracking_shuffled_objects.jsonl.gz")[:40]
    return [
        (row["input"], row["steps"], None if row["mistake_index"] is None else row["mistake_index"] + 1)
        for row in rows
    ]


@pytest.mark.parametrize("load", [processbench, mistakes])
def test_labelled_solutions_are_located_as_people_did(load, shared_rows):
    rows = load(shared_rows)
    traces = [trace_of([f"{step}\n" for step in steps], question=question) for question, steps, _ in rows]
    labels = {question: (steps, label) for question, steps, label in rows}

    def oracle(request):
        for question, (steps, label) in labels.items():
            if question in asked_text(request):
                return "so 8" if label and f"{steps[label - 1]}".strip() in asked_text(request) else "so 9"
        raise AssertionError("an unknown question")

    def judge(request):
        _, label = next(labels[question] for question in labels if question in asked_text(request))
        return f'{{"first_error_step": {label or 0}}}'

    expected = [told(label) for *_, label in rows]
    assert len({label for *_, label in rows}) > 3
    assert locate(Scripted(judge), *traces, by="judge") == expected
    distinct = [
        row for row, (_, steps, label) in enumerate(rows) if label is None or steps.count(steps[label - 1]) == 1
    ]
    found = locate(Scripted(oracle), *traces, n=1)
    assert [found[row] for row in distinct] == [expected[row] for row in distinct]
