"""Cut the reasoning short: by share, by tokens, after the first correct answer, or by its last segment.

Systems 17, 20 and 21: a shortest sufficient prefix, CODI's dropped last step, and the leading share of a sequence.
"""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from curation.answers import first_correct
from curation.errors import UserError
from curation.operator import Failure, Mapper
from curation.params import TokenizerName
from curation.texts.tokens import load_tokenizer, token_stops
from curation.trace import Segment, Trace, keep_segments

Policy = Literal["fraction", "tokens", "after_first_correct", "drop_last_segment"]


class Cut(Mapper):
    """Cut the reasoning short; the answer stays, and so does every kept character."""

    op: Literal["cut"] = "cut"
    policy: Policy = Field("fraction", description="What decides how much is kept")
    # Distilling the essence: "the first 50% of tokens"
    amount: float = Field(
        0.5, description="Share of the reasoning kept, or tokens kept", gt=0, le=1_000_000,
        json_schema_extra={"strength": {"policy": ["fraction", "tokens"]}},
    )  # fmt: skip
    side: Literal["end", "start"] = Field("end", description="Where text is taken away")
    unit: Literal["segments", "characters"] = Field("segments", description="What is never torn apart")
    tokenizer: TokenizerName = Field("", description="Tokenizer that counts; empty for the built-in estimate")

    keeps_segments = True

    @model_validator(mode="after")
    def _amounts(self) -> Self:
        if self.policy == "fraction" and self.amount > 1:
            raise ValueError(f"amount is a share of at most 1 with policy fraction, not {self.amount:g}")
        if self.policy == "tokens" and self.amount != int(self.amount):
            raise ValueError(f"amount is a whole number of tokens with policy tokens, not {self.amount:g}")
        return self

    def map(self, trace: Trace) -> list[Trace]:
        """A child with the kept side; the trace itself where everything is kept."""
        if not trace.reasoning:
            return [trace]
        whole = self.unit == "segments" or self.policy == "drop_last_segment"
        if whole and not trace.segments:
            raise UserError("This trace has no segments; put segment before cut, or set unit to characters.")
        kept = self._segments(trace) if whole else self._characters(trace)
        same = sum(span.stop - span.start for span in kept) == len(trace.reasoning)
        return [trace] if same else [keep_segments(trace, kept)]

    def map_batch(self, traces: Sequence[Trace]) -> list[list[Trace] | Failure]:
        """Cut each trace; a tokenizer that is not here stops the run instead of failing every row."""
        if self.policy == "tokens" and self.tokenizer:
            load_tokenizer(self.tokenizer)
        return super().map_batch(traces)

    def _segments(self, trace: Trace) -> list[Segment]:
        spans = list(trace.segments)
        if self.policy == "drop_last_segment":
            return spans[:-1] or spans
        if self.policy == "after_first_correct":
            at = first_correct(trace)
            return [span for span in spans if at is None or span.start < at]
        start, stop = self._window(trace)
        # a segment that does not fit whole is left out, but the first one always stays
        inside = [span for span in spans if start <= span.start and span.stop <= stop]
        return inside or [spans[0] if self.side == "end" else spans[-1]]

    def _characters(self, trace: Trace) -> list[Segment]:
        start, stop = self._window(trace)
        if self.policy == "after_first_correct":
            start, stop = 0, first_correct(trace) or len(trace.reasoning)
        spans = trace.segments or (Segment(0, len(trace.reasoning), "attempt"),)
        clipped = [Segment(max(span.start, start), min(span.stop, stop), span.kind) for span in spans]
        return [span for span in clipped if span.start < span.stop]

    def _window(self, trace: Trace) -> tuple[int, int]:
        length = len(trace.reasoning)
        if self.policy == "tokens":
            stops = token_stops(trace.reasoning, self.tokenizer)
            count = int(self.amount)
            if count >= len(stops):
                return 0, length
            return (0, stops[count - 1]) if self.side == "end" else (stops[-count - 1], length)
        # the paper keeps max(1, int(p * length))
        kept = max(1, int(self.amount * length))
        return (0, kept) if self.side == "end" else (length - kept, length)
