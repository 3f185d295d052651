from curation.trace import Problem, Segment, Trace, keep_segments
from pages.ui.reading import pieces as view
from pages.ui.reading.pieces import Piece

TEXT = "I add.\n\nLet me check.\n\nSo 5."
TRACE = Trace(
    Problem("How many?"), TEXT, "5",
    segments=(Segment(0, 8, "attempt"), Segment(8, 23, "check"), Segment(23, 28, "answer")),
)  # fmt: skip


def test_pieces_tile_the_reasoning():
    assert view.pieces_of(TRACE) == [
        Piece("I add.\n\n", "attempt"),
        Piece("Let me check.\n\n", "check"),
        Piece("So 5.", "answer"),
    ]


def test_a_trace_without_segments_is_one_piece_and_an_empty_one_none():
    assert view.pieces_of(Trace(Problem("q"), "abc")) == [Piece("abc", None)]
    assert view.pieces_of(Trace(Problem("q"), "")) == []


def test_a_removed_segment_stays_visible_as_removed():
    child = keep_segments(TRACE, [TRACE.segments[0], TRACE.segments[2]])
    assert view.changes(TRACE, child) == [
        Piece("I add.\n\n", "attempt"),
        Piece("Let me check.\n\n", "check", "removed"),
        Piece("So 5.", "answer"),
    ]


def test_without_segments_changes_are_told_by_line():
    before, after = Trace(Problem("q"), "a\nb\nc"), Trace(Problem("q"), "a\nx\nc")
    assert view.changes(before, after) == [
        Piece("a\n", None),
        Piece("b\n", None, "removed"),
        Piece("x\n", None, "added"),
        Piece("c", None),
    ]


def test_a_long_piece_goes_on_in_the_next_chunk_and_nothing_is_lost():
    pieces = [Piece("word " * 6_000, "attempt", at=0), Piece("b", "answer", at=1)]
    groups = view.chunks(pieces)
    assert "".join(piece.text for group in groups for piece in group) == "word " * 6_000 + "b"
    assert max(sum(len(piece.text) for piece in group) for group in groups) <= view.CHUNK
    assert [group[0].at for group in groups] == [0, None, None, None, None, 1]
    assert groups[1][0].tags == " (continued)"


def test_a_long_piece_is_cut_after_a_paragraph_where_there_is_one():
    text = "a" * 4_000 + "\n\n" + "b" * 4_000
    assert [piece.text for group in view.chunks([Piece(text, None)]) for piece in group] == [
        text[:4_002],
        text[4_002:],
    ]


def test_chunks_hold_a_bounded_number_of_pieces():
    groups = view.chunks([Piece("x", "attempt", at=at) for at in range(100)])
    assert [len(group) for group in groups] == [view.MOST, view.MOST, 20]


def test_a_flood_of_tiny_segments_keeps_its_colours_in_many_chunks():
    pieces = [Piece("x\n\n", "attempt" if at % 2 else "check", at=at) for at in range(30_000)]
    groups = view.chunks(pieces)
    assert (len(groups), [piece for group in groups for piece in group]) == (750, pieces)
