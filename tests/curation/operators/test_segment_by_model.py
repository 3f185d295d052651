import json

import pytest

from curation.errors import UserError
from curation.operator import OPERATORS, Annotation, Failure
from curation.operators.segment import SegmentReasoning
from curation.prompting.prompts import shipped
from curation.prompting.segmenting import pieces, split_of
from curation.texts.roles import by_cues
from curation.trace import Problem, Segment, Trace, tiles
from tests.curation.operators.scripted_asker import asker_of

TEXT = "Add 2 and 3. That gives 4. No, it gives 5.\n\nSo 5."
TRACE = Trace(Problem("2 and 3?"), TEXT)
PARTS = [{"kind": "attempt", "from": 1}, {"kind": "check", "from": 3}, {"kind": "answer", "from": 4}]


def annotate(split, repair=None, trace=TRACE, **fields):
    def answer(request):
        said = split if "Remarks" not in request.prompt[0]["content"] else repair
        return said if isinstance(said, str) else json.dumps(said)

    asker = asker_of(answer)
    (found,) = SegmentReasoning(splitter="model", model="teacher", **fields).annotate_with([trace], asker)
    return found, asker.meter.totals.answers


def spans(annotation):
    return [(segment.kind, TEXT[segment.start : segment.stop]) for segment in annotation.segments]


def test_the_parts_a_model_names_are_the_segments():
    found, asked = annotate({"parts": PARTS}, {"needs": 0})
    assert spans(found) == [
        ("attempt", "Add 2 and 3. That gives 4. "), ("check", "No, it gives 5.\n\n"), ("answer", "So 5."),
    ]  # fmt: skip
    assert found.scores == {
        "n_segments": 3, "n_checks": 1, "n_backtracks": 0, "n_alternatives": 0, "attempt_share": 27 / len(TEXT),
        "split_ratio": 1.0, "split_jaccard": 1.0, "split_verdict": "accepted",
    }  # fmt: skip
    assert asked == 2


def test_an_attempt_that_stops_short_takes_the_checks_that_complete_it():
    found, _ = annotate({"parts": PARTS}, {"needs": 1})
    assert spans(found) == [("attempt", "Add 2 and 3. That gives 4. No, it gives 5.\n\n"), ("answer", "So 5.")]
    assert found.scores["split_verdict"] == "repaired"
    assert spans(annotate({"parts": PARTS}, repair=False)[0])[1][0] == "check"


def test_nothing_is_asked_about_a_last_attempt_without_checks_or_a_trace_without_reasoning():
    assert annotate({"parts": PARTS[:1]})[1] == 1
    found, asked = annotate({}, trace=Trace(Problem("q"), ""))
    assert (found.segments, found.scores["n_segments"], asked) == ((), 0, 0)


def test_text_that_loses_a_part_leaves_the_segments_unknown_with_both_ratios():
    fields = {"prompt": shipped("segment", "verbatim"), "repair": False}
    found, _ = annotate({"parts": [{"kind": "attempt", "text": "Add 2 and 3. That gives 4."}]}, **fields)
    scores = {"split_ratio": 52 / 74, "split_jaccard": 9 / 18, "split_verdict": "loses text"}
    assert found == Annotation(scores, None)
    kept, _ = annotate({"parts": [{"kind": "attempt", "text": TEXT}]}, **fields)
    assert kept.segments == (Segment(0, len(TEXT), "attempt"),)


def test_an_answer_that_cannot_be_read_is_unknown_and_one_cut_off_a_failure():
    found, _ = annotate("I would rather not.")
    assert found == Annotation({"split_ratio": None, "split_jaccard": None, "split_verdict": "unreadable"}, None)
    assert annotate("too long an answer", max_new_tokens=2)[0] == Failure(
        TRACE.id, "cut off: the answer reached its limit of 2 tokens"
    )


def test_the_model_is_named_exactly_where_it_is_asked():
    assert SegmentReasoning(model="teacher").asks() == ()
    assert "split_verdict" not in SegmentReasoning().adds()
    assert SegmentReasoning(model="teacher", splitter="model").asks() == ("teacher",)
    with pytest.raises(UserError, match="the splitter 'model' needs a model, which is not named"):
        OPERATORS.parse({"op": "segment", "splitter": "model"})
    with pytest.raises(UserError, match=r"no slot \{reasoning\}"):
        OPERATORS.parse({"op": "segment", "prompt": "Split it."})
    with pytest.raises(UserError, match=r"no slot \{checks\}"):
        OPERATORS.parse({"op": "segment", "repair_prompt": "{solution}"})


def test_the_question_shown_while_the_prompt_is_edited_is_the_one_asked():
    step = SegmentReasoning(splitter="model", model="teacher")
    assert "[3] No, it gives 5.\n[4] So 5." in step.request(TRACE).prompt[0]["content"]


def test_copies_of_real_traces_are_laid_over_them_part_by_part(shared_texts):
    for text in shared_texts[::15]:
        trace = Trace(Problem("q"), text[:20_000])
        own = by_cues(trace, "blank_line")
        copied = [" ".join(trace.reasoning[one.start : one.stop].split()) for one in own]
        found = split_of(
            trace, {"parts": [{"kind": one.kind, "text": part} for one, part in zip(own, copied, strict=True)]}
        )
        assert found.verdict == "accepted"
        assert tiles(found.segments, trace.reasoning)
        counted = [{"kind": "attempt", "from": 1}, {"kind": "check", "from": len(pieces(trace))}][: len(pieces(trace))]
        assert tiles(split_of(trace, {"parts": counted}).segments, trace.reasoning)
