import pytest

from curation.prompting.segmenting import (
    Fidelity,
    Gate,
    Split,
    fidelity,
    pieces,
    repaired,
    split_of,
    split_request,
    to_repair,
)
from curation.trace import Problem, Segment, Trace, tiles

SENTENCES = ["We need the sum of 2 and 3.\n\n", "First, 2 + 3 = 5. ", "Let me check: 3 + 2 = 5.\n\n", "So it is 5."]
TRACE = Trace(Problem("2 and 3?"), "".join(SENTENCES))
KINDS = ["restate", "attempt", "check", "answer"]
EDGES = [0, 29, 47, 73, 84]
WHOLE = tuple(Segment(start, stop, kind) for start, stop, kind in zip(EDGES, EDGES[1:], KINDS, strict=False))


def parts(*said, key="from"):
    return {"parts": [{"kind": kind, key: value} for kind, value in said]}


def test_sentences_are_shown_with_their_numbers():
    request = split_request(TRACE, "{question}\n{sentences}", 100)
    shown = "2 and 3?\n" + "\n".join(f"[{n}] {text.strip()}" for n, text in enumerate(SENTENCES, 1))
    assert request.prompt == ({"role": "user", "content": shown},)
    assert '"from"' in request.json_schema
    assert '"text"' in split_request(TRACE, "{reasoning}", 100).json_schema


def test_parts_named_by_their_first_sentence_tile_the_reasoning():
    found = split_of(TRACE, parts(*zip(KINDS, (1, 2, 3, 4), strict=True)))
    assert found == Split(WHOLE, Fidelity(1.0, 1.0))
    assert tiles(found.segments, TRACE.reasoning)
    (one,) = split_of(TRACE, parts(("attempt", 1))).segments
    assert one == Segment(0, len(TRACE.reasoning), "attempt")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"parts": []},
        {"parts": "none"},
        parts(("attempt", 2)),
        parts(("attempt", 1), ("check", 1)),
        parts(("attempt", 1), ("check", 3), ("answer", 2)),
        parts(("attempt", 1), ("check", 5)),
        parts(("attempt", 1), ("check", "3")),
        parts(("attempt", True)),
        parts(("proof", 1)),
        {"parts": [{"kind": "attempt", "from": 1}, {"kind": "check", "text": "So"}]},
    ],
)
def test_parts_that_do_not_tile_the_sentences_are_unreadable(said):
    assert split_of(TRACE, said) == Split(None, None, "unreadable")


def test_an_empty_reasoning_has_no_segments():
    assert split_of(Trace(Problem("q"), ""), None) == Split((), None)


def test_text_that_comes_back_is_laid_over_the_original_by_sentences():
    copied = [" ".join(text.split()) for text in SENTENCES]
    found = split_of(TRACE, parts(*zip(KINDS, copied, strict=True), key="text"))
    assert found == Split(WHOLE, Fidelity(1.0, 1.0))


def test_a_sentence_whose_copy_changed_goes_with_the_one_before_it():
    texts = [SENTENCES[0], SENTENCES[1] + "Checking, 3 + 2 = 5.", SENTENCES[3]]
    said = parts(*zip(("restate", "attempt", "answer"), texts, strict=True), key="text")
    found = split_of(TRACE, said, Gate(0.8, 1.0))
    assert [segment.kind for segment in found.segments] == ["restate", "attempt", "answer"]
    assert tiles(found.segments, TRACE.reasoning)


def test_a_segmentation_that_loses_a_fifth_of_the_text_is_rejected_with_its_two_ratios():
    sentences = [
        f"In step {n} we add {n} to the sum before and get {n * (n + 1) // 2} as it should be. " for n in range(20)
    ]
    trace = Trace(Problem("q"), "".join(sentences))
    found = split_of(trace, parts(("attempt", "".join(sentences[:16])), key="text"))
    assert (found.segments, found.verdict) == (None, "loses text")
    assert 0.85 < found.fidelity.ratio < 0.90
    assert 0.75 < found.fidelity.jaccard < 0.85
    assert split_of(trace, parts(("attempt", "".join(sentences[:19])), key="text")).verdict == "accepted"


def test_a_text_that_says_a_thing_five_times_loses_tokens_with_one_of_them():
    assert fidelity("one two " * 5, "one two " * 4) == Fidelity(pytest.approx(2 * 31 / 70), 0.8)


def test_either_likeness_is_enough():
    assert Fidelity(0.9, 0.0).passes(Gate())
    assert Fidelity(0.0, 0.95).passes(Gate())
    assert not Fidelity(0.89, 0.94).passes(Gate())


def segments(*kinds):
    return tuple(Segment(at, at + 1, kind) for at, kind in enumerate(kinds))


def test_checks_directly_behind_the_last_attempt_may_complete_it():
    assert to_repair(segments("attempt", "check", "attempt", "check", "check", "answer")) == range(2, 5)
    assert to_repair(segments("attempt", "answer", "check")) == range(0)
    assert to_repair(segments("check", "answer")) == range(0)


def test_as_many_checks_as_are_needed_become_part_of_the_attempt():
    split = Split(segments("plan", "attempt", "check", "check", "answer"), None)
    whole = (Segment(0, 1, "plan"), Segment(1, 3, "attempt"), Segment(3, 4, "check"), Segment(4, 5, "answer"))
    assert repaired(split, {"needs": 1}) == Split(whole, None, "repaired")
    assert repaired(split, {"needs": 0}) == split
    for needs in (3, -1, None, "1", True):
        assert repaired(split, {"needs": needs}) == split._replace(verdict="not repaired")


def test_pieces_are_sentences():
    assert [TRACE.reasoning[start:stop] for start, stop in pieces(TRACE)] == SENTENCES
