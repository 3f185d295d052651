from dataclasses import replace

import pytest

from curation.trace import Problem, Segment, Trace
from pages.ui.reading.marks import Marks, marked, marks_of, minimap
from pages.ui.reading.pieces import Piece

SAID = "The two boxes hold 2 + 3 = 5 apples."
TEXT = f"Find the sum of both.{SAID}{SAID}"
TRACE = Trace(
    Problem("<b>?", "5"), TEXT, "5",
    segments=(Segment(0, 21, "plan"), Segment(21, 57, "attempt"), Segment(57, 93, "check")),
)  # fmt: skip


def test_the_first_right_answer_and_repeated_segments_are_found():
    assert marks_of(TRACE) == Marks(first=1, twins={2: 1}, chunk=None)


def test_marks_stand_beside_the_names_of_segments():
    assert marked(TRACE, marks_of(TRACE)) == [
        Piece("Find the sum of both.", "plan", at=0),
        Piece(SAID, "attempt", at=1, tags='<span class="w-tag w-right">first correct answer</span>'),
        Piece(SAID, "check", at=2, tags='<a class="w-tag" data-go="1">repeats 2</a>'),
    ]


def test_a_chunk_says_from_where_it_is_learned():
    extra = '{"chunk": {"index": 2, "n_chunks": 3, "start": 21}}'
    trace = Trace(TRACE.problem, TEXT, segments=TRACE.segments, extra=extra)
    marks = marks_of(trace)
    assert marks.chunk == (1, "chunk 2 of 3 is learned from here")
    assert "chunk 2 of 3 is learned from here" in marked(trace, marks)[1].tags


def test_the_map_is_as_wide_as_tokens_and_shows_the_marks():
    assert minimap(TRACE, marks_of(TRACE), "t") == (
        '<div class="w-map" data-scope="t" role="navigation" '
        'aria-label="Map of the trace: 3 segments, about 28 tokens; a click jumps">'
        '<i class="w-plan" data-go="0" style="flex-grow:6" title="1. Plan, 6 tokens"></i>'
        '<i class="w-attempt" data-go="1" style="flex-grow:11" title="2. Attempt, 11 tokens"></i>'
        '<i class="w-check w-again" data-go="2" style="flex-grow:11" title="3. Check, 11 tokens"></i>'
        '<b style="left:21.43%"></b><s style="left:0"></s></div>'
    )


def test_nothing_of_the_text_comes_into_the_map():
    trace = Trace(Problem("q"), "<script>alert(1)</script>")
    assert "script" not in minimap(trace, marks_of(trace), "t")


def test_thousands_of_segments_share_some_hundred_cells():
    spans = tuple(Segment(at, at + 2, "attempt") for at in range(0, 10_000, 2))
    trace = Trace(Problem("q"), "a " * 5_000, segments=spans)
    assert 200 < minimap(trace, marks_of(trace), "t").count("<i ") <= 500


def test_a_trace_without_reasoning_has_no_marks():
    trace = Trace(Problem("q", "5"), "")
    assert (marks_of(trace), marked(trace, marks_of(trace))) == (Marks(None, {}, None), [])


@pytest.mark.parametrize("chunk", ['{"start": 5}', '"a text"', '{"index": 0, "n_chunks": 3, "start": "x"}', "[1]"])
def test_a_column_of_the_source_that_is_called_chunk_is_no_chunk(chunk):
    assert marks_of(replace(TRACE, extra=f'{{"chunk": {chunk}}}')).chunk is None
