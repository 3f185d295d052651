from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from curation.operators.drop_segments import DropSegments
from curation.operators.segment import SegmentReasoning
from curation.trace import KINDS, Problem, Segment, Trace, tiles
from curation.tuning.flips import flips

PARTS = [
    ("filler", "Hmm. "),
    ("attempt", "20 - 8 = 22. "),
    ("backtrack", "Wait, that is wrong. "),
    ("attempt", "20 - 8 = 12. "),
    ("check", "Let me check. "),
    ("filler", "Okay."),
]


def drop(trace, **fields):
    (result,) = DropSegments(**fields).map(trace)
    return result


def test_what_looks_back_is_dropped_and_the_rest_stays_byte_for_byte(make_trace):
    trace = make_trace(parts=PARTS, answer="12")
    child = drop(trace)
    assert child.reasoning == "20 - 8 = 22. Wait, that is wrong. 20 - 8 = 12. "
    assert (child.answer, child.parent_id, child.problem) == ("12", trace.id, trace.problem)
    assert child.segments == (Segment(0, 13, "attempt"), Segment(13, 34, "backtrack"), Segment(34, 47, "attempt"))


def test_a_mistake_goes_with_the_remark_that_takes_it_back(make_trace):
    child = drop(make_trace(parts=PARTS), kinds=[], drop_mistakes=True)
    assert child.reasoning == "Hmm. 20 - 8 = 12. Let me check. Okay."


def test_a_correction_in_the_same_paragraph_as_its_remark_stays(make_trace):
    parts = [("attempt", "20 - 8 = 22.\n\n"), ("backtrack", "Wait, no. It is 20 - 8 = 12.\n\n"), ("answer", "So 12.")]
    child = drop(make_trace(parts=parts), kinds=[], drop_mistakes=True)
    assert child.reasoning == "It is 20 - 8 = 12.\n\nSo 12."
    assert [segment.kind for segment in child.segments] == ["attempt", "answer"]


def test_a_doubt_that_admits_nothing_keeps_the_attempt(make_trace):
    trace = make_trace(parts=[("attempt", "20 - 8 = 12. "), ("backtrack", "Wait, the bench is near. ")])
    assert drop(trace, kinds=[], drop_mistakes=True) is trace


def test_first_and_last_can_be_protected(make_trace):
    child = drop(make_trace(parts=PARTS), protect_first=True, protect_last=True)
    assert child.reasoning == "Hmm. 20 - 8 = 22. Wait, that is wrong. 20 - 8 = 12. Okay."


def test_nothing_to_drop_is_the_trace_itself(make_trace):
    trace = make_trace(parts=PARTS)
    assert drop(trace, kinds=["answer"]) is trace


def test_a_trace_with_nothing_left_is_dropped_unless_it_has_an_answer(make_trace):
    parts = [("filler", "Hmm.")]
    assert DropSegments().map(make_trace(parts=parts)) == []
    assert drop(make_trace(parts=parts, answer="5")).reasoning == ""


SPANS = st.lists(st.tuples(st.sampled_from(KINDS), st.text(min_size=1, max_size=12)), max_size=8)


@given(SPANS, st.sets(st.sampled_from(KINDS)), st.booleans(), st.booleans())
def test_unselected_bytes_stay_identical(spans, kinds, first, last):
    segments, position = [], 0
    for kind, text in spans:
        segments.append(Segment(position, position + len(text), kind))
        position += len(text)
    trace = Trace(Problem("q"), "".join(text for _, text in spans), "answer", segments=tuple(segments))
    before = (trace.reasoning, trace.segments)
    child = drop(trace, kinds=sorted(kinds), protect_first=first, protect_last=last)
    kept = [
        text
        for place, (kind, text) in enumerate(spans)
        if kind not in kinds or (first and place == 0) or (last and place == len(spans) - 1)
    ]
    assert child.reasoning == "".join(kept)
    assert child.answer == "answer"
    assert (trace.reasoning, trace.segments) == before


def test_kept_text_of_shared_traces_is_in_the_original_order(shared_texts):
    for text in shared_texts[::10]:
        segments = SegmentReasoning(splitter="sentence").segments(Trace(Problem("q"), text))
        child = drop(Trace(Problem("q"), text, "a", segments=segments), drop_mistakes=True, kinds=["check", "filler"])
        assert tiles(child.segments, child.reasoning)
        position = 0
        for segment in child.segments:
            piece = child.reasoning[segment.start : segment.stop]
            position = text.index(piece, position) + len(piece)


def test_dropping_what_looks_back_breaks_few_answers_of_real_traces(shared_rows):
    rows = shared_rows("thought_anchors/math_traces.jsonl.gz") + shared_rows("rm_best_of_8/math_cot_100.jsonl.gz")
    traces = [Trace(Problem(row["problem"], row["gt_answer"]), row["solution"]) for row in rows if "gt_answer" in row]
    traces += [
        Trace(Problem(row["question"], str(row["gt"])), text) for row in rows if "gt" in row for text in row["code"]
    ]
    segmented = [replace(trace, segments=SegmentReasoning().segments(trace)) for trace in traces]
    found = flips(DropSegments(), segmented)
    assert [(flip.label, flip.rows) for flip in found] == [
        ("kinds check", 300),
        ("kinds + alternative", 300),
        ("kinds + filler", 300),
    ]
    assert all(flip.broken <= 0.05 * flip.right_before for flip in found)
    assert sorted((flip.tokens_after for flip in found), reverse=True) == [flip.tokens_after for flip in found]
