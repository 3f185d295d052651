"""Which tokens of a row carry loss: chosen sections, chosen kinds of segments, or one chunk of the reasoning."""

import json
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from curation.errors import UserError
from curation.rendering import Chat, Section, Span
from curation.trace import Kind, Trace

COMPLETION: tuple[Section, ...] = ("reasoning", "answer")


class Range(NamedTuple):
    """Tokens [start, stop)."""

    start: int
    stop: int


class Loss(NamedTuple):
    """Tokens of these sections carry loss; with kinds, of the reasoning only what lies in segments of these.

    With `chunk` only the trace's chunk does: its part of the reasoning and, at the ends, the tags and the answer.
    """

    sections: tuple[Section, ...] = COMPLETION
    kinds: tuple[Kind, ...] = ()
    chunk: bool = False


@dataclass(frozen=True, slots=True)
class ChunkPlace:
    """Which of how many chunks a trace is, and where it begins in the reasoning."""

    index: int
    n_chunks: int
    start: int

    @property
    def last(self) -> bool:
        """Whether the answer belongs to it."""
        return self.index == self.n_chunks - 1


def chunk_of(trace: Trace) -> ChunkPlace:
    """The chunk that `extra` names; a trace that was not cut is its only one."""
    found = json.loads(trace.extra).get("chunk") if '"chunk"' in trace.extra else None
    ours = {"index": int, "n_chunks": int, "start": int}
    if isinstance(found, dict) and {name: type(value) for name, value in found.items()} == ours:
        return ChunkPlace(**found)
    return ChunkPlace(0, 1, 0)  # also where a source has a column of that name


def trained(chat: Chat, trace: Trace, loss: Loss = Loss()) -> list[Range]:  # noqa: B008  (a tuple)
    """The tokens that carry loss, as ranges in order."""
    counts, first = _counts(trace, loss), _first(chat, trace, loss)
    flags = (
        counts(span, start, stop) and (span.section == "prompt" or start >= first)
        for span, (start, stop) in zip(chat.sections, chat.offsets, strict=True)
    )
    ranges, place = [], 0
    for flag, run in groupby(flags):
        stop = place + sum(1 for _ in run)
        if flag:
            ranges.append(Range(place, stop))
        place = stop
    return ranges


def _counts(trace: Trace, loss: Loss) -> Callable[[Span, int, int], bool]:
    """Whether a token in a span, of these characters of the text, is of a chosen section and kind."""
    if not loss.kinds or not trace.reasoning:
        return lambda span, start, stop: span.section in loss.sections
    if not trace.segments:
        raise UserError(
            f"Trace {trace.id} has no segments, so its kinds are unknown: add 'segment' to the recipe after its "
            "last mapper, or leave kinds empty."
        )
    begins = [segment.start for segment in trace.segments]

    def counts(span: Span, start: int, stop: int) -> bool:
        if span.section != "reasoning":
            return span.section in loss.sections
        if span.at is None:
            return False
        token = trace.reasoning[span.at + start - span.start : span.at + stop - span.start]
        # a tokenizer puts the space in front of the word that follows, which may be another segment's first
        space = len(token) - len(token.lstrip(" ")) if token.strip(" ") else 0
        place = bisect_right(begins, span.at + start - span.start + space) - 1
        return trace.segments[max(0, place)].kind in loss.kinds

    return counts


def _first(chat: Chat, trace: Trace, loss: Loss) -> int:
    """The character of the text from which on reasoning and answer are trained."""
    at = chunk_of(trace).start if loss.chunk else 0
    if not at:
        return 0
    at = len(trace.reasoning[:at].rstrip(" "))  # the space goes with the chunk, as with segments
    holding = [span for span in chat.spans if span.at is not None and span.at <= at]
    return holding[-1].start + at - (holding[-1].at or 0) if holding else 0
