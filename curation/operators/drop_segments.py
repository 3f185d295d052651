"""Drop segments by kind, and attempts the trace itself takes back; the rest stays byte for byte."""

from typing import Literal

from pydantic import Field

from curation.operator import Mapper
from curation.texts.cues import admits_error
from curation.texts.splitting import each_sentence, protected
from curation.trace import Kind, Segment, Trace, keep_segments


class DropSegments(Mapper):
    """Drop segments of some kinds and, if wanted, mistakes that the trace corrects."""

    op: Literal["drop_segments"] = "drop_segments"
    # ours: what looks back or sideways; a backtrack stays by default, as it explains the correction that follows it
    kinds: list[Kind] = Field(
        ["check", "alternative", "filler"],
        description="Kinds of segments dropped",
        json_schema_extra={"strength": True},
    )
    protect_first: bool = Field(False, description="Never drop the first segment")
    protect_last: bool = Field(False, description="Never drop the last segment")
    drop_mistakes: bool = Field(
        False, description="Drop an attempt that the next segment takes back, with that remark"
    )

    needs_segments = True
    keeps_segments = True

    def map(self, trace: Trace) -> list[Trace]:
        """A child without the dropped spans; the trace itself when nothing is dropped."""
        kept = [span for place in range(len(trace.segments)) for span in self._kept(trace, place)]
        if kept == list(trace.segments):
            return [trace]
        return [keep_segments(trace, kept)] if kept or trace.answer.strip() else []

    def _kept(self, trace: Trace, place: int) -> list[Segment]:
        segment, last = trace.segments[place], len(trace.segments) - 1
        if (self.protect_first and place == 0) or (self.protect_last and place == last):
            return [segment]
        if segment.kind in self.kinds:
            return []
        if self.drop_mistakes and place < last and _taken_back(trace, place):
            return []
        if self.drop_mistakes and place > 0 and _taken_back(trace, place - 1):
            return _correction(trace.reasoning, segment)
        return [segment]


def _taken_back(trace: Trace, place: int) -> bool:
    wrong, remark = trace.segments[place], trace.segments[place + 1]
    if wrong.kind != "attempt" or remark.kind != "backtrack":
        return False
    return admits_error(_first_sentence(trace.reasoning, remark))


def _first_sentence(text: str, segment: Segment) -> str:
    start, stop = next(each_sentence(text, (segment.start, segment.stop), protected(text)))
    return text[start:stop]


def _correction(text: str, remark: Segment) -> list[Segment]:
    # a paragraph that takes back and corrects at once loses only the sentence that takes back
    start = remark.start + len(_first_sentence(text, remark))
    return [Segment(start, remark.stop, "attempt")] if start < remark.stop else []
