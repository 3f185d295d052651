from curation.trace import Problem, Trace
from pages.ui.reading.pieces import Piece
from pages.ui.reading.side_by_side import Row, align, table, words


def said(*texts):
    return [Piece(text, "attempt") for text in texts]


def test_equal_and_similar_segments_stand_beside_each_other():
    left = said("I add the two numbers.", "So it makes 5 apples in all.", "Done.")
    right = said("I add the two numbers.", "Let us see.", "So it makes 6 apples in all.")
    assert align(left, right) == [
        Row(left[0], right[0], True),
        Row(None, right[1], False),
        Row(left[1], right[2], True),
        Row(left[2], None, False),
    ]


def test_what_is_not_alike_stands_beside_each_other_without_being_compared():
    left, right = said("abc def"), said("12345")
    assert align(left, right) == [Row(left[0], right[0], False)]


def test_an_empty_side_leaves_its_column_empty():
    left = said("abc")
    assert align(left, []) == [Row(left[0], None, False)]
    assert align([], []) == []


def test_words_of_one_side_only_are_marked_and_everything_is_escaped():
    assert words("2 + 3 = <5> apples", "2 + 3 = <6> red apples") == (
        "2 + 3 = &lt;<del>5</del>&gt; apples",
        "2 + 3 = &lt;<ins>6</ins>&gt;<ins> red</ins> apples",
    )


def test_the_table_holds_both_traces_and_their_answers():
    html = table(Trace(Problem("q"), "<b>one", "5"), Trace(Problem("q"), "two", "6"))
    assert html.count('class="w-seg w-plain"') == 4
    assert "&lt;b&gt;one" in html
    assert "<del>5</del>" in html
    assert "<ins>6</ins>" in html
