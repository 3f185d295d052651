"""Cut a trace into chunks to be learned one at a time (Skip-Thinking, average chunking)."""

import json
from itertools import pairwise
from typing import Literal

from pydantic import Field

from curation.operator import Mapper
from curation.params import Positive
from curation.texts.splitting import Span, protected, sentences
from curation.trace import Segment, Trace, canonical_json, derive


class Chunk(Mapper):
    """Make one trace a chunk: it ends with the chunk to learn, behind the chunks before it.

    Chunks are of nearly equal numbers of segments or, as in the paper, of sentences. `extra` says which part that is:
    {"chunk": {"index": 1, "n_chunks": 3, "start": 412}}, so an objective trains on reasoning[start:] alone; the last
    one carries the answer.
    """

    op: Literal["chunk"] = "chunk"
    by: Literal["segments", "sentences"] = Field("segments", description="What is counted and never torn apart")
    n_chunks: Positive = Field(3, description="Chunks a trace is cut into", ge=2, le=20)  # ours; range 2-6 in use
    min_sentences: Positive = Field(1, description="Fewest segments or sentences in a chunk", le=50)  # ours

    @property
    def needs_segments(self) -> bool:  # type: ignore[override]
        """Only where segments are counted."""
        return self.by == "segments"

    def spans(self, trace: Trace) -> list[Span]:
        """The chunks as spans that tile the reasoning: fewer where pieces do not suffice, none of an empty one."""
        pieces = _sentences(trace) if self.by == "sentences" else [(s.start, s.stop) for s in trace.segments]
        total = len(pieces)
        count = max(1, min(self.n_chunks, total // self.min_sentences))
        edges = [index * total // count for index in range(count + 1)]
        return [(pieces[first][0], pieces[last - 1][1]) for first, last in pairwise(edges) if first < last]

    def map(self, trace: Trace) -> list[Trace]:
        """A child for each chunk; the trace itself where there is only one."""
        spans = self.spans(trace)
        if len(spans) < 2:
            return [trace]
        return [_child(trace, index, len(spans), span) for index, span in enumerate(spans)]


def _sentences(trace: Trace) -> list[Span]:
    text = trace.reasoning
    return sentences(text, (0, len(text)), protected(text))


def _child(trace: Trace, index: int, count: int, span: Span) -> Trace:
    start, stop = span
    extra = {**json.loads(trace.extra), "chunk": {"index": index, "n_chunks": count, "start": start}}
    return derive(
        trace,
        segments=tuple(Segment(s.start, min(s.stop, stop), s.kind) for s in trace.segments if s.start < stop),
        sample=index,
        reasoning=trace.reasoning[:stop],
        answer=trace.answer if index == count - 1 else "",
        extra=canonical_json(extra),
    )
