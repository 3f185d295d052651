import pytest

from curation.operators.compress import Compress
from curation.operators.cut import Cut
from curation.operators.segment import SegmentReasoning
from curation.texts.importance import words
from curation.texts.tokens import estimate_tokens
from curation.trace import Problem, Segment, Trace, tiles

PARTS = [
    ("restate", "Let me think about this for a moment. "),
    ("attempt", "She has 12 and buys 5, so 12 + 5 = 17. That is quite nice. "),
    ("check", "Again, 12 + 5 = 17. "),
    ("answer", "So the answer is 17."),
]


def compress(trace, **fields):
    return Compress(**fields).map(trace)


def test_sentences_that_first_state_a_number_stay_and_kinds_stay_theirs(make_trace):
    trace = make_trace(parts=PARTS, answer="17")
    (child,) = compress(trace, rate=0.5)
    assert (child.reasoning, child.answer, child.parent_id) == (
        "She has 12 and buys 5, so 12 + 5 = 17. So the answer is 17.", "17", trace.id,
    )  # fmt: skip
    assert child.segments == (Segment(0, 39, "attempt"), Segment(39, 59, "answer"))


def test_words_keep_numbers_signs_and_negations(make_trace):
    (child,) = compress(make_trace("She does not have the 12 + 5 apples. Done."), rate=0.5, unit="word")
    assert child.reasoning == "not 12 + 5 Done."


def test_the_rate_is_marked_as_the_strength_of_the_rule():
    for operator, field in ((Compress, "rate"), (Cut, "amount")):
        marked = [
            name for name, schema in operator.model_json_schema()["properties"].items() if schema.get("strength")
        ]
        assert marked == [field]


@pytest.mark.parametrize("unit", ["sentence", "word"])
def test_everything_kept_is_the_trace_itself(make_trace, unit):
    trace = make_trace(parts=PARTS)
    assert compress(trace, rate=1, unit=unit) == [trace]
    assert compress(make_trace("", answer="4"), unit=unit) == [make_trace("", answer="4")]


@pytest.mark.parametrize("unit", ["sentence", "word"])
def test_nothing_kept_leaves_the_last_segment_the_answer_or_no_trace(make_trace, unit):
    trace = make_trace(parts=PARTS, answer="17")
    assert [child.reasoning for child in compress(trace, rate=0, unit=unit)] == ["So the answer is 17."]
    assert [child.reasoning for child in compress(trace, rate=0, unit=unit, protect_last=False)] == [""]
    assert compress(make_trace(parts=PARTS), rate=0, unit=unit, protect_last=False) == []


def test_without_segments_the_last_sentence_is_the_last_segment(make_trace):
    (child,) = compress(make_trace("One thing. Another thing. So it is."), rate=0)
    assert (child.reasoning, child.segments) == ("So it is.", ())


@pytest.mark.parametrize("unit", ["sentence", "word"])
def test_real_traces_keep_the_rate_the_order_and_every_byte(shared_rows, unit):
    (found,) = shared_rows("misguided_attention/output_queries_r10528.json.gz")
    for row in found["results"][:10]:
        bare = Trace(Problem(row["prompt"]), row["thinking"][0], "Yes.")
        trace = Trace(bare.problem, bare.reasoning, "Yes.", segments=SegmentReasoning().segments(bare))
        (child,) = compress(trace, rate=0.5, unit=unit, protect_last=False)
        assert tiles(child.segments, child.reasoning)
        assert estimate_tokens(child.reasoning) <= 0.52 * estimate_tokens(trace.reasoning)
        left = iter(trace.reasoning)
        assert all(character in left for character in child.reasoning)


def test_words_tile_any_text(shared_texts):
    for text in shared_texts:
        assert "".join(text[start:stop] for start, stop in words(text)) == text
