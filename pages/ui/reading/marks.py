"""What is worth seeing in a trace: its map, where the right answer first stands, what is said twice, chunks."""

import html
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from curation.answers import first_correct
from curation.sections import chunk_of
from curation.texts.repeats import twins
from curation.texts.tokens import token_stops
from curation.trace import Segment, Trace
from pages.ui.reading.looks import KIND_NAMES
from pages.ui.reading.pieces import Piece
from pages.ui.reading.reader import scope_of

CELLS = 400  # cells of a map; short segments beside each other share one


class Marks(NamedTuple):
    """Numbers of segments: of the first right answer, of each repeated one its first saying, of a chunk its start."""

    first: int | None
    twins: Mapping[int, int]
    chunk: tuple[int, str] | None


def marks_of(trace: Trace) -> Marks:
    """The marks of a trace."""
    spans = spans_of(trace)
    at = first_correct(trace)
    return Marks(None if at is None else _segment_at(spans, at - 1), twins(trace), _chunk(trace, spans))


def spans_of(trace: Trace) -> Sequence[Segment]:
    """The segments; all of the reasoning as one where there are none."""
    return trace.segments or ((Segment(0, len(trace.reasoning), "attempt"),) if trace.reasoning else ())


def marked(trace: Trace, marks: Marks) -> list[Piece]:
    """The pieces of a trace with their numbers and marks."""
    pieces = []
    for at, span in enumerate(spans_of(trace)):
        tags = ""
        if at == marks.first:
            tags += '<span class="w-tag w-right">first correct answer</span>'
        if at in marks.twins:
            twin = marks.twins[at]
            tags += f'<a class="w-tag" data-go="{twin}">repeats {twin + 1}</a>'
        if marks.chunk and marks.chunk[0] == at:
            tags += f'<span class="w-tag w-chunk-start">{html.escape(marks.chunk[1])}</span>'
        kind = span.kind if trace.segments else None
        pieces.append(Piece(trace.reasoning[span.start : span.stop], kind, at=at, tags=tags))
    return pieces


def minimap(trace: Trace, marks: Marks, key: str) -> str:
    """The whole trace as a strip: a cell as wide as its tokens, a line at the first right answer; a click jumps."""
    spans = spans_of(trace)
    stops = token_stops(trace.reasoning)
    ends = [bisect_right(stops, span.stop) for span in spans]
    sizes = [stop - start for start, stop in zip([0, *ends], ends, strict=False)]
    total = max(1, sum(sizes))
    cells = "".join(
        f'<i class="w-{spans[at].kind if trace.segments else "plain"}{" w-again" if at in marks.twins else ""}" '
        f'data-go="{at}" style="flex-grow:{max(1, size)}" title="{_title(trace, at, size)}"></i>'
        for at, size in _cells(sizes, max(1, total // CELLS))
    )
    lines = _line("b", marks.first, sizes, total) + _line("u", marks.chunk[0] if marks.chunk else None, sizes, total)
    words = f"Map of the trace: {len(spans)} segments, about {total:,} tokens; a click jumps"
    name = f'data-scope="{scope_of(key)}" role="navigation" aria-label="{words}"'
    many = " w-many" if len(spans) > CELLS // 4 else ""
    return f'<div class="w-map{many}" {name}>{cells}{lines}<s style="left:0"></s></div>'


def _cells(sizes: Sequence[int], least: int) -> list[tuple[int, int]]:
    """Segments with their tokens; one that is too small to be seen is added to the cell before it."""
    cells: list[tuple[int, int]] = []
    for at, size in enumerate(sizes):
        if cells and len(sizes) > CELLS and cells[-1][1] + size <= least:
            cells[-1] = (cells[-1][0], cells[-1][1] + size)
        else:
            cells.append((at, size))
    return cells


def _title(trace: Trace, at: int, size: int) -> str:
    name = KIND_NAMES[trace.segments[at].kind] if trace.segments else "Reasoning"
    return f"{at + 1}. {name}, {size:,} tokens"


def _line(tag: str, at: int | None, sizes: Sequence[int], total: int) -> str:
    return "" if at is None else f'<{tag} style="left:{100 * sum(sizes[:at]) / total:.2f}%"></{tag}>'


def _segment_at(spans: Sequence[Segment], place: int) -> int:
    return max(0, bisect_right([span.start for span in spans], place) - 1)


def _chunk(trace: Trace, spans: Sequence[Segment]) -> tuple[int, str] | None:
    """Where the chunk to learn starts, when the trace is one of several chunks."""
    chunk = chunk_of(trace)
    if chunk.n_chunks == 1 or not spans:
        return None
    return _segment_at(spans, chunk.start), f"chunk {chunk.index} of {chunk.n_chunks} is learned from here"
