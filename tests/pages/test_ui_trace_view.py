from curation.trace import Problem, Segment, Trace, keep_segments
from pages.ui import trace_view as view
from pages.ui.trace_view import Piece

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


def test_a_removed_segment_is_drawn_struck_through_and_named():
    html = view.block(Piece("no", "check", "removed"))
    assert html == (
        '<details class="w-seg w-check w-removed" open><summary>Check, removed &#183; 2 characters</summary>\n\n'
        '<span class="w-text">no</span>\n\n</details>\n\n'
    )


def test_a_kind_can_be_shown_closed():
    assert view.block(Piece("no", "filler"), opened=False).startswith(
        '<details class="w-seg w-filler w-kept"><summary>'
    )


def test_a_long_trace_is_cut_and_nothing_is_lost():
    pieces = [Piece("a" * 30_000, "attempt"), Piece("b", "answer")]
    first, rest = view.head(pieces, view.SHOWN)
    assert "".join(p.text for p in [*first, *rest]) == "a" * 30_000 + "b"
    assert sum(len(p.text) for p in first) <= view.SHOWN


def test_elements_are_bounded_in_number_for_many_small_segments():
    pieces = [Piece("word " * 20, "attempt")] * 1000
    first, _ = view.head(pieces, view.SHOWN)
    assert len(list(view.batches(first))) <= 5


def test_the_plain_rest_is_escaped():
    assert view.plain([Piece("<b>\u202e", None)]) == (
        '<div class="w-seg w-plain w-kept"><div class="w-text">&lt;b&gt;[U+202E]</div></div>'
    )


def test_unknown_scores_say_so_and_names_are_escaped():
    assert view.scores_line({"<b>": None, "correct": True, "n": 1234, "x": 0.71234}) == (
        '<div class="w-scores"><span><span>&lt;b&gt;</span><b>unknown</b></span>'
        "<span><span>correct</span><b>yes</b></span><span><span>n</span><b>1,234</b></span>"
        "<span><span>x</span><b>0.712</b></span></div>"
    )


def test_the_legend_names_only_the_kinds_present():
    assert view.legend({"check", "attempt"}) == (
        '<div class="w-legend" role="list" aria-label="Kinds of segments">'
        '<span><i class="w-attempt"></i>Attempt</span><span><i class="w-check"></i>Check</span></div>'
    )


def test_a_flood_of_tiny_segments_is_cut_by_number_and_drawn_as_few_elements():
    pieces = [Piece("x\n\n", "attempt" if index % 2 else "check") for index in range(30_000)]
    first, rest = view.head(pieces, view.SHOWN)
    assert (len(first), len(first) + len(rest)) == (view.MOST, 30_000)
    assert view.plain(rest).count("<div") == 2
    assert view.plain(pieces[1:2] * 30_000).count("<div") == 2
