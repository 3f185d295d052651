import pytest

from curation.errors import UserError
from curation.operators.cut import Cut
from curation.operators.segment import SegmentReasoning
from curation.spec import build
from curation.trace import Problem, Trace, tiles

PARTS = [("restate", "He has 9.\n\n"), ("attempt", "4 + 5 = 9.\n\n"), ("check", "9 - 5 = 4.\n\n"), ("answer", "So 9.")]


def cut(trace, **fields):
    (result,) = Cut(**fields).map(trace)
    return result


def test_half_of_the_characters_whole_segments_only(make_trace):
    trace = make_trace(parts=PARTS, answer="9")
    child = cut(trace, amount=0.7)
    assert (child.reasoning, child.answer, child.parent_id) == ("He has 9.\n\n4 + 5 = 9.\n\n", "9", trace.id)
    assert tiles(child.segments, child.reasoning)


def test_at_least_one_segment_stays(make_trace):
    trace = make_trace(parts=PARTS)
    assert cut(trace, amount=0.01).reasoning == "He has 9.\n\n"
    assert cut(trace, amount=0.01, side="start").reasoning == "So 9."


def test_the_start_can_be_cut_away(make_trace):
    assert cut(make_trace(parts=PARTS), amount=0.5, side="start").reasoning == "9 - 5 = 4.\n\nSo 9."


def test_the_kept_share_of_characters_is_a_strict_prefix(make_trace):
    for length in range(1, 51):
        text = ("abcdefghij" * 5)[:length]
        for share in (tenth / 10 for tenth in range(1, 11)):
            child = cut(make_trace(text), amount=share, unit="characters")
            assert child.reasoning == text[: max(1, int(share * length))]


def test_everything_kept_is_the_trace_itself(make_trace):
    trace = make_trace(parts=PARTS)
    assert cut(trace, amount=1) is trace
    assert cut(trace, policy="tokens", amount=500) is trace


def test_tokens_are_counted_from_either_side(make_trace):
    trace = make_trace("one two three four")
    fields = {"policy": "tokens", "amount": 2, "unit": "characters"}
    assert cut(trace, **fields).reasoning == "one two"
    assert cut(trace, **fields, side="start").reasoning == " three four"


def test_cut_after_the_first_segment_that_holds_the_reference(make_trace):
    trace = make_trace(parts=PARTS, reference="9")
    assert cut(trace, policy="after_first_correct").reasoning == "He has 9.\n\n4 + 5 = 9.\n\n"
    assert cut(trace, policy="after_first_correct", unit="characters").reasoning == "He has 9.\n\n4 + 5 = 9"


@pytest.mark.parametrize("reference", [None, "7", "5.5", "Paris"])
def test_without_a_mention_of_the_reference_nothing_is_cut(make_trace, reference):
    trace = make_trace(parts=PARTS, reference=reference)
    assert cut(trace, policy="after_first_correct") is trace


def test_25_does_not_mention_5(make_trace):
    parts = [("attempt", "25 and 1.5\n"), ("attempt", "1,500\n"), ("attempt", "then 5.\n"), ("attempt", "more")]
    assert cut(make_trace(parts=parts, reference="5"), policy="after_first_correct").reasoning.endswith("then 5.\n")


def test_the_last_segment_is_dropped_unless_it_is_the_only_one(make_trace):
    assert cut(make_trace(parts=PARTS), policy="drop_last_segment").reasoning == "".join(t for _, t in PARTS[:3])
    only = make_trace(parts=PARTS[:1])
    assert cut(only, policy="drop_last_segment") is only


def test_a_trace_without_segments_says_what_to_do(make_trace):
    with pytest.raises(UserError, match="put segment before cut"):
        Cut().map(make_trace("text"))


def test_a_tokenizer_that_is_not_here_stops_the_run(make_trace, tmp_path):
    operator = Cut(policy="tokens", amount=5, tokenizer=str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match="nowhere' cannot be loaded"):
        operator.map_batch([make_trace(parts=PARTS)])


def test_an_empty_reasoning_stays(make_trace):
    trace = make_trace("", answer="5")
    assert cut(trace) is trace


def test_amounts_that_make_no_sense_are_refused():
    with pytest.raises(UserError, match="amount is a share of at most 1"):
        build(Cut, {"amount": 2})
    with pytest.raises(UserError, match="whole number of tokens"):
        build(Cut, {"policy": "tokens", "amount": 1.5})


def test_cut_shared_traces_are_prefixes_and_suffixes(shared_texts):
    for text in shared_texts[::10]:
        bare = Trace(Problem("q", "5"), text)
        trace = Trace(Problem("q", "5"), text, segments=SegmentReasoning(splitter="sentence").segments(bare))
        for unit in ("segments", "characters"):
            for policy, amount in (("fraction", 0.3), ("tokens", 64), ("after_first_correct", 1)):
                child = cut(trace, policy=policy, amount=amount, unit=unit)
                assert text.startswith(child.reasoning)
                assert tiles(child.segments, child.reasoning)
        assert text.endswith(cut(trace, side="start").reasoning)
