"""Cut a trace into chunks to be learned one at a time (Skip-Thinking, average chunking)."""

import json
from typing import Literal

from pydantic import Field

from curation.operator import Mapper
from curation.params import Positive
from curation.trace import Trace, canonical_json, derive


class Chunk(Mapper):
    """Make one trace a chunk: it ends with the chunk to learn, behind the chunks before it.

    `extra` says which part that is: {"chunk": {"index": 1, "n_chunks": 3, "start": 412}}, so an objective trains on
    reasoning[start:] alone; the last one carries the answer.
    """

    op: Literal["chunk"] = "chunk"
    n_chunks: Positive = Field(3, description="Chunks a trace is cut into", ge=2, le=20)  # ours; range 2-6 in use
    min_sentences: Positive = Field(1, description="Fewest segments in a chunk", le=50)  # ours

    needs_segments = True

    def map(self, trace: Trace) -> list[Trace]:
        """Nearly equal numbers of segments a chunk; fewer chunks where the segments do not suffice."""
        count = min(self.n_chunks, len(trace.segments) // self.min_sentences)
        if count < 2:
            return [trace]
        return [_child(trace, index, count) for index in range(count)]


def _child(trace: Trace, index: int, count: int) -> Trace:
    total = len(trace.segments)
    first, last = index * total // count, (index + 1) * total // count
    start, stop = trace.segments[first].start, trace.segments[last - 1].stop
    extra = {**json.loads(trace.extra), "chunk": {"index": index, "n_chunks": count, "start": start}}
    return derive(
        trace,
        segments=trace.segments[:last],
        sample=index,
        reasoning=trace.reasoning[:stop],
        answer=trace.answer if index == count - 1 else "",
        extra=canonical_json(extra),
    )
