from typing import ClassVar, Literal

import pytest
from pydantic import Field

from curation.errors import UserError
from curation.operator import Mapper
from curation.operators.chunk import Chunk
from curation.operators.cut import Cut
from curation.operators.drop_segments import DropSegments
from curation.params import When
from curation.trace import Problem, Segment, Trace, derive
from curation.tuning.flips import Flip, answers, flips, strengths


class Shorten(Mapper):
    """Keep the first share of the words."""

    op: Literal["shorten"] = "shorten"
    share: float = Field(0.5, description="Share kept", gt=0, le=1, json_schema_extra={"strength": True})

    def map(self, trace):
        words = trace.reasoning.split(" ")
        kept = " ".join(words[: max(1, int(self.share * len(words)))])
        if "fail" in trace.question:
            raise ValueError("asked to")
        return [trace] if kept == trace.reasoning else [derive(trace, reasoning=kept)]


class Limit(Mapper):
    """Keep so many words, or all of them."""

    op: Literal["limit"] = "limit"
    active: Literal["yes", "no"] = Field("yes", description="Whether anything happens")
    words: int = Field(4, description="Words kept", ge=1, le=10, json_schema_extra={"strength": True})

    when: ClassVar[When] = {"words": {"active": "yes"}}

    def map(self, trace):
        return [derive(trace, reasoning=" ".join(trace.reasoning.split(" ")[: self.words]))]


def trace(reasoning, reference="5", question="q", **values):
    return Trace(Problem(question, reference), reasoning, "The answer is 5", **values)


def segmented(*parts, **values):
    segments, position = [], 0
    for kind, text in parts:
        segments.append(Segment(position, position + len(text), kind))
        position += len(text)
    return trace("".join(text for _, text in parts), segments=tuple(segments), **values)


def test_the_answer_is_read_from_the_reasoning_alone():
    assert answers(trace("2 + 3 = 5")) is True
    assert answers(trace("2 + 3")) is False
    assert answers(trace("no number")) is False
    assert answers(trace("2 + 3 = 5", reference=None)) is None
    assert answers(trace("2 + 3 = 5", closed=False)) is False


def test_a_curve_counts_answers_broken_and_mended_over_the_strength():
    traces = [trace("2 + 3 = 5"), trace("5 then 6"), trace("it is 7"), trace("it is 5", reference=None)]
    found = {flip.label: flip for flip in flips(Shorten(), traces)}
    assert list(found) == [f"share {number / 10:g}" for number in range(1, 11)]
    assert found["share 0.5"] == Flip("share 0.5", Shorten(share=0.5), 4, 1, 1, 1, 14, 5)
    assert found["share 1"] == Flip("share 1", Shorten(share=1.0), 4, 1, 0, 0, 14, 14)
    assert (found["share 0.5"].saved, found["share 0.5"].share_broken) == (pytest.approx(9 / 14), 1.0)


def test_kinds_of_segments_are_added_one_by_one():
    one = segmented(("attempt", "2 + 3 = 5. "), ("check", "Check: 5. "), ("filler", "Hm, 6 words."))
    two = segmented(("attempt", "So 2 + 2 = 4. "), ("check", "No: it is 5."))
    found = flips(DropSegments(kinds=["check", "filler"]), [one, two])
    assert [(flip.label, flip.right_before, flip.broken, flip.mended) for flip in found] == [
        ("kinds check", 1, 1, 0),
        ("kinds + filler", 1, 1, 1),
    ]
    assert strengths(DropSegments(kinds=["check", "filler"])) == [flip.step for flip in found]


def test_larger_numbers_take_multiples_of_their_own_value_within_their_range():
    assert [step.words for step in strengths(Limit())] == [1, 2, 3, 4, 6, 8]
    assert strengths(Limit(active="no")) == [Limit(active="no")]
    assert [step.share for step in strengths(Shorten(share=0.25))][:3] == [0.1, 0.2, 0.25]


def test_the_share_of_a_cut_counts_only_where_its_policy_reads_it():
    assert [step.amount for step in strengths(Cut(amount=0.25))] == [0.1, 0.2, 0.25, *(n / 10 for n in range(3, 11))]
    assert [step.amount for step in strengths(Cut(policy="tokens", amount=100))] == [
        25,
        50,
        75,
        100,
        150,
        200,
        300,
        400,
    ]
    assert strengths(Cut(policy="drop_last_segment")) == [Cut(policy="drop_last_segment")]


def test_a_step_without_a_strength_is_one_point_and_any_child_may_answer():
    (flip,) = flips(Chunk(by="sentences", n_chunks=2), [trace("2 + 3 is it. So 5.")])
    assert (flip.label, flip.right_before, flip.broken) == ("chunk", 1, 0)


def test_rows_a_step_fails_on_are_left_out_and_a_step_that_always_fails_is_refused():
    bad, good = trace("2 + 3 = 5", question="fail"), trace("2 + 3 = 5")
    assert {flip.rows for flip in flips(Shorten(), [bad, good])} == {1}
    with pytest.raises(UserError, match=r"^shorten failed on every trace, .*: ValueError: asked to"):
        flips(Shorten(), [bad])


def test_no_traces_leave_every_share_unknown():
    flip = flips(Shorten(), [])[0]
    assert (flip.rows, flip.saved, flip.share_broken) == (0, None, None)
