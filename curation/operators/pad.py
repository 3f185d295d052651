"""Lengthen the reasoning with text that means nothing ("Unveiling the Key Factors", the padding control).

The control asks whether detail or mere length helps a student: the shortest traces are lengthened with meaningless
tokens to the length of detailed ones, and help no more than before.
"""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from curation.operator import Dropped, Failure, Mapper
from curation.params import Positive, TokenizerName
from curation.texts.tokens import count_tokens, load_tokenizer
from curation.trace import Segment, Trace, derive


class Pad(Mapper):
    """Lengthen short reasonings to a number of tokens by repeating a filler text in front of the answer.

    The original reasoning stays as it was, in front of the filler; a trace whose answer stands in the reasoning alone
    gets the filler first, so that the answer still ends the text. Longer traces are left alone.
    """

    op: Literal["pad"] = "pad"
    tokens: Positive = Field(200, description="Tokens a reasoning is lengthened to")  # ours; level 5 of the paper: 138
    text: str = Field(" .", description="Filler that is repeated", min_length=1, max_length=100)  # ours
    tokenizer: TokenizerName = Field("", description="Tokenizer that counts; empty for the built-in estimate")

    keeps_segments = True

    def map(self, trace: Trace) -> list[Trace]:
        """A child with the filler; the trace itself where it is long enough."""
        ahead = not trace.answer.strip()
        filler = self.text * self._copies(trace.reasoning, ahead)
        if not filler:
            return [trace]
        shift = len(filler) if ahead else 0
        moved = [Segment(span.start + shift, span.stop + shift, span.kind) for span in trace.segments]
        start = 0 if ahead else len(trace.reasoning)
        padding = Segment(start, start + len(filler), "filler")
        segments = ([padding, *moved] if ahead else [*moved, padding]) if moved else []
        text = filler + trace.reasoning if ahead else trace.reasoning + filler
        return [derive(trace, reasoning=text, segments=tuple(segments))]

    def map_batch(self, traces: Sequence[Trace]) -> Sequence[list[Trace] | Failure | Dropped]:
        """Pad each trace; a tokenizer that is not here stops the run instead of failing every row."""
        if self.tokenizer:
            load_tokenizer(self.tokenizer)
        return super().map_batch(traces)

    def _copies(self, reasoning: str, ahead: bool) -> int:
        """How many fillers come nearest to the wanted number of tokens, by bisection."""

        def length(copies: int) -> int:
            filler = self.text * copies
            return count_tokens(filler + reasoning if ahead else reasoning + filler, self.tokenizer)

        low, high = 0, max(0, self.tokens - length(0))
        while high and length(high) < self.tokens:
            high *= 2
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if length(middle) < self.tokens else (low, middle)
        return min((n for n in (low - 1, low) if n >= 0), key=lambda n: (abs(length(n) - self.tokens), n))
