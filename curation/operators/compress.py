"""Shorten the reasoning by leaving out what says least, without a model; what stays is byte for byte as it was.

SKIntern compresses with LLMLingua-2, a trained model, to round(rate * N) tokens in their order; this rule keeps the
same promise offline, so that rates of 1, 2/3, 1/3 and 0 make its four stages.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal

from pydantic import Field

from curation.operator import Mapper
from curation.params import Fraction
from curation.texts.importance import rank_sentences, rank_words, words
from curation.texts.splitting import Span, paragraphs
from curation.texts.tokens import estimate_tokens
from curation.trace import Segment, Trace, derive


class Compress(Mapper):
    """Keep the most telling sentences or words, up to a share of the reasoning.

    Sentences that state a number for the first time come first, then other formulas, then the most central ones. Of
    words, numbers, formulas and negations come first and function words last. A formula or a code block is one word.
    """

    op: Literal["compress"] = "compress"
    rate: Fraction = Field(
        0.5,
        description="Share of the reasoning's tokens kept, by the built-in estimate",
        json_schema_extra={"strength": True},
    )
    unit: Literal["sentence", "word"] = Field("sentence", description="What is kept or left out as a whole")
    protect_last: bool = Field(True, description="Keep the last segment whatever the share")

    keeps_segments = True

    def map(self, trace: Trace) -> list[Trace]:
        """A child with the kept spans in their order; the trace itself where everything is kept."""
        text = trace.reasoning
        spans = words(text) if self.unit == "word" else [s for found in paragraphs(text, "sentence") for s in found]
        kept = self._kept(text, spans, self._protected(trace, spans))
        if len(kept) == len(spans):
            return [trace]
        if not kept and not trace.answer.strip():
            return []
        return [_keep(trace, [spans[place] for place in kept])]

    def _kept(self, text: str, spans: list[Span], safe: int) -> list[int]:
        """Places of the kept spans: the protected ones, then by rank as long as they fit."""
        pieces = [text[start:stop] for start, stop in spans]
        costs = [estimate_tokens(piece) for piece in pieces]
        ranks = rank_words(pieces) if self.unit == "word" else rank_sentences(pieces)
        # half up: LLMLingua's rate times the number of tokens, rounded
        left = int(self.rate * sum(costs) + 0.5) - sum(costs[safe:])
        kept = list(range(safe, len(spans)))
        for place in sorted(range(safe), key=lambda place: (-ranks[place], place)):
            if costs[place] <= left:
                kept.append(place)
                left -= costs[place]
        return sorted(kept)

    def _protected(self, trace: Trace, spans: list[Span]) -> int:
        """The first span of the last segment, or of the last sentence where there are no segments."""
        if not self.protect_last or not spans:
            return len(spans)
        last = trace.segments[-1].start if trace.segments else paragraphs(trace.reasoning, "sentence")[-1][-1][0]
        return next((place for place, (_, stop) in enumerate(spans) if stop > last), len(spans))


def _keep(trace: Trace, spans: Sequence[Span]) -> Trace:
    """A child of these spans; what is left of a segment stays one segment of its kind."""
    whole = (Segment(0, len(trace.reasoning), "attempt"),)
    texts, segments, position = [], [], 0
    for segment, pieces in groupby(_by_segment(trace.segments or whole, spans), lambda piece: piece[0]):
        text = "".join(trace.reasoning[start:stop] for _, (start, stop) in pieces)
        segments.append(Segment(position, position + len(text), segment.kind))
        texts.append(text)
        position += len(text)
    return derive(trace, reasoning="".join(texts), segments=tuple(segments) if trace.segments else ())


def _by_segment(segments: Sequence[Segment], spans: Sequence[Span]) -> Iterator[tuple[Segment, Span]]:
    at = 0
    for start, stop in spans:
        while start < stop:
            while segments[at].stop <= start:
                at += 1
            end = min(stop, segments[at].stop)
            yield segments[at], (start, end)
            start = end
