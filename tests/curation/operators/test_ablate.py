import pytest

from curation.backends.scripted import Scripted
from curation.errors import UserError
from curation.models import Completion
from curation.operator import Annotation, Failure
from curation.operators.ablate import Ablate
from curation.operators.drop_segments import DropSegments
from curation.spec import build
from curation.trace import Problem, Segment, Trace
from tests.curation.operators.scripted_asker import asker_of

PARTS = [
    ("restate", "He has 4 and 5. "), ("filler", "Hmm, apples are nice. "), ("attempt", "4 + 5 = 9. "),
    ("check", "9 - 5 = 4. "), ("answer", "So 9."),
]  # fmt: skip


def asked_text(request):
    return request.prompt[-1]["content"] + request.prefix


def student(*needed):
    """A student that is right where its prompt holds these texts."""
    return Scripted(lambda request: "\\boxed{9}" if all(text in asked_text(request) for text in needed) else "8")


def ablate(model, trace, **fields):
    [found] = Ablate(model="student", **fields).annotate_with([trace], asker_of(model))
    return found


def kinds(annotation):
    return [segment.kind for segment in annotation.segments]


def test_a_planted_filler_is_skippable_the_key_step_is_needed_and_protected_ones_are_never_tried(make_trace):
    model, trace = student("4 + 5 = 9."), make_trace(parts=PARTS, reference="9")
    found = ablate(model, trace)
    assert found.scores == {"n_needed": 3, "n_skippable": 2}
    assert kinds(found) == ["restate", "filler", "attempt", "filler", "answer"]
    assert len(model.asked) == 4
    assert all("He has 4 and 5." in asked_text(one) and "So 9." in asked_text(one) for one in model.asked)


def test_what_is_skippable_can_be_dropped_and_the_answer_still_stands(make_trace):
    from dataclasses import replace

    model, trace = student("4 + 5 = 9."), make_trace(parts=PARTS, reference="9")
    marked = replace(trace, segments=ablate(model, trace).segments)
    [child] = DropSegments(kinds=["filler"]).map(marked)
    assert child.reasoning == "He has 4 and 5. 4 + 5 = 9. So 9."
    assert "He has 4 and 5. 4 + 5 = 9. So 9." in asked_text(model.asked[-1])  # what was judged is what is left


def test_removals_add_up_from_left_to_right(make_trace):
    parts = [("restate", "a "), ("attempt", "9 first "), ("attempt", "9 second "), ("answer", "z")]
    model = Scripted(lambda request: "9" if "first" in asked_text(request) or "second" in asked_text(request) else "8")
    assert kinds(ablate(model, make_trace(parts=parts, reference="9"))) == ["restate", "filler", "attempt", "answer"]


def test_a_needed_filler_is_filler_no_more(make_trace):
    found = ablate(student("apples"), make_trace(parts=PARTS, reference="9"))
    assert kinds(found) == ["restate", "attempt", "filler", "filler", "answer"]


def test_ends_may_be_tried_too(make_trace):
    found = ablate(
        student("4 + 5 = 9."), make_trace(parts=PARTS, reference="9"), protect_first=False, protect_last=False
    )
    assert found.scores == {"n_needed": 1, "n_skippable": 4}


def test_a_student_that_is_wrong_with_all_of_it_says_nothing(make_trace):
    trace = make_trace(parts=PARTS, reference="9")
    assert ablate(Scripted(["8"]), trace) == Annotation({"n_needed": None, "n_skippable": None}, trace.segments)


def test_without_reference_or_segments_nothing_is_asked(make_trace):
    model = Scripted([])
    open_question = make_trace(parts=PARTS)
    bare = Trace(Problem("q", "9"), "text")
    assert ablate(model, open_question) == Annotation({"n_needed": None, "n_skippable": None}, open_question.segments)
    assert ablate(model, bare) == Annotation({"n_needed": None, "n_skippable": None}, ())


def test_calls_can_be_bounded(make_trace):
    model = student("9")
    found = ablate(model, make_trace(parts=PARTS, reference="9"), max_calls=2)
    assert (found.scores, len(model.asked)) == ({"n_needed": 4, "n_skippable": 1}, 2)


def test_an_answer_that_never_came_fails_the_row(make_trace):
    class Lost(Scripted):
        def stream(self, requests):
            for row, _ in enumerate(requests):
                yield row, Completion("", (), "failed", cause="server_error", failure="500")

    trace = make_trace(parts=PARTS, reference="9")
    assert ablate(Lost([]), trace) == Failure(trace.id, "server_error: 500")


def test_the_request_shown_holds_the_whole_reasoning(make_trace):
    model, trace = student("9"), make_trace(parts=PARTS, reference="9")
    ablate(model, trace)
    assert Ablate(model="student").request(trace) == model.asked[0]
    with pytest.raises(UserError, match="the prompt has no slot {question}"):
        build(Ablate, {"model": "m", "prompt": "{reasoning}"})


def test_real_chunks_are_ablated_to_those_that_state_the_answer(shared_rows):
    row = shared_rows("thought_anchors/math_traces.jsonl.gz")[0]
    text, position, spans = row["solution"].partition("<think>\n")[2], 0, []
    for chunk in text.split("\n\n"):
        stop = min(len(text), position + len(chunk) + 2)
        spans.append(Segment(position, stop, "attempt"))
        position = stop
    trace = Trace(Problem(row["problem"], row["gt_answer"]), text, segments=tuple(spans))
    model = Scripted(
        lambda request: f"\\boxed{{{row['gt_answer']}}}" if "66" in asked_text(request) else "I cannot tell"
    )
    found = ablate(model, trace)
    assert found.scores["n_needed"] + found.scores["n_skippable"] == len(spans) > 5
    assert found.scores["n_needed"] <= 3
