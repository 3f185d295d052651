"""Which segments does an answer need? Each is left out in turn, and a student asked for the answer without it.

Skip-Thinking: "remove one middle chunk at a time; if the answer is still right the chunk is skippable", removals
cumulative from left to right, the first and the last chunk never tried.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, Self

from pydantic import Field, model_validator

from curation.asker import Asker
from curation.models import Request
from curation.operator import Annotation, Annotator, Failure, ScoreType
from curation.params import Count, ModelName, Positive
from curation.prompting.bisect import Stuck, together, without_each
from curation.prompting.prompts import PromptText, checked, shipped
from curation.prompting.reaching import Reach, part_of, unasked
from curation.trace import Segment, Trace


class Ablate(Annotator):
    """Mark segments as filler that a student's right answer does not need, so that drop_segments can drop them.

    A needed segment that was filler becomes an attempt; other kinds stay. Unknown without segments or reference
    answer, and where the student is wrong with the whole reasoning before it. Those that are left out are left out
    together.
    """

    op: Literal["ablate"] = "ablate"
    model: ModelName = Field(description="Student that is asked for the answer")
    protect_first: bool = Field(True, description="Never leave out the first segment")  # Skip-Thinking
    protect_last: bool = Field(True, description="Never leave out the last segment")  # Skip-Thinking
    max_calls: Count = Field(0, description="Most answers asked for a trace; 0 for no limit")
    max_new_tokens: Positive = Field(256, description="Tokens an answer may have", le=131_072)  # ours
    prompt: PromptText = Field(shipped("ablate", "state_answer"), description="How the student is asked")

    needs_segments = True
    adds_segments = True
    slots = ("question", "reasoning")

    @model_validator(mode="after")
    def _slots(self) -> Self:
        checked(self.prompt, ("question",))
        return self

    def asks(self) -> tuple[str, ...]:
        """The student."""
        return (self.model,)

    def adds(self) -> dict[str, ScoreType]:
        """How many segments the answer needs, and how many it does not."""
        return {"n_needed": "number", "n_skippable": "number"}

    def request(self, trace: Trace) -> Request:
        """What is asked with the whole reasoning."""
        return self._reach().request(part_of(trace, range(len(trace.segments))))

    def annotate_with(self, traces: Sequence[Trace], asker: Asker) -> list[Annotation | Failure]:
        """Leave out segments of all traces side by side."""
        able, reach = [trace for trace in traces if unasked(trace) is None], self._reach()

        def judge(wanted: list[tuple[int, tuple[int, ...]]]) -> list[bool | Stuck]:
            return reach.judge(asker, [part_of(able[row], places) for row, places in wanted])

        searches = [without_each(len(trace.segments), self._tried(trace), self.max_calls) for trace in able]
        found = iter(together(searches, judge))
        return [_told(trace, next(found) if unasked(trace) is None else None) for trace in traces]

    def _reach(self) -> Reach:
        return Reach(self.model, self.prompt, self.max_new_tokens)

    def _tried(self, trace: Trace) -> range:
        return range(int(self.protect_first), len(trace.segments) - int(self.protect_last))


def _told(trace: Trace, needed: tuple[int, ...] | Stuck | None) -> Annotation | Failure:
    if isinstance(needed, Stuck):
        return Failure(trace.id, needed.reason)
    if needed is None:
        return Annotation({"n_needed": None, "n_skippable": None}, trace.segments)
    spans = tuple(_marked(span, place in needed) for place, span in enumerate(trace.segments))
    return Annotation({"n_needed": len(needed), "n_skippable": len(spans) - len(needed)}, spans)


def _marked(span: Segment, needed: bool) -> Segment:
    if not needed:
        return replace(span, kind="filler")
    return replace(span, kind="attempt") if span.kind == "filler" else span
