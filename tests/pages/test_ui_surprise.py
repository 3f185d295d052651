from curation.models import TokenScore
from curation.trace import Problem, Segment, Trace
from pages.ui.reading import reader, surprise
from pages.ui.reading.pieces import CHUNK, Piece, pieces_of

TEXT = "two and <b>\n\nfive"
TRACE = Trace(Problem("q"), TEXT, segments=(Segment(0, 13, "attempt"), Segment(13, 17, "answer")))
TOKENS = [TokenScore(3, -0.2), TokenScore(7, -1.5), TokenScore(11, -8.0), TokenScore(13, -0.1), TokenScore(17, -2.5)]


def test_surprising_tokens_are_shaded_and_say_their_value():
    assert surprise.shaded(pieces_of(TRACE), TOKENS) == [
        Piece(
            "two and <b>\n\n", "attempt", tags='<span class="w-tag">2.45 nats a token</span>',
            body='two<mark class="w-s1" title="1.50 nats"> and</mark>'
            '<mark class="w-s4" title="8.00 nats"> &#60;<wbr>b&#62;</mark>',
        ),
        Piece(
            "five", "answer", tags='<span class="w-tag">2.50 nats a token</span>',
            body='<mark class="w-s2" title="2.50 nats">five</mark>',
        ),
    ]  # fmt: skip


def test_what_was_not_scored_is_drawn_plain():
    assert [piece.body for piece in surprise.shaded(pieces_of(TRACE), TOKENS[:1])] == [
        "two and &#60;<wbr>b&#62;",
        "five",
    ]


def test_a_token_over_two_segments_is_shaded_in_both():
    [first, second] = surprise.shaded(pieces_of(TRACE), [TokenScore(11, -0.1), TokenScore(15, -3.0)])
    assert first.body == "two and &#60;<wbr>b&#62;"
    assert second.body == '<mark class="w-s2" title="3.00 nats">fi</mark>ve'


def test_parts_of_a_character_are_one_token():
    tokens = [TokenScore(1, -1.0), TokenScore(1, -2.0), TokenScore(2, -0.5)]
    assert surprise.summed(tokens) == [TokenScore(1, -3.0), TokenScore(2, -0.5)]


def test_hostile_text_and_hidden_marks_are_written_out():
    text = "<script>\u202e$x$ *a*"
    [piece] = surprise.shaded([Piece(text, None)], [TokenScore(len(text), -9.0)])
    drawn = reader.block(piece)
    assert "<script" not in drawn
    assert "$" not in drawn
    assert "*" not in drawn
    assert "U+202E" in drawn.replace("&#43;", "+").replace("<wbr>", "")


def test_a_shaded_piece_is_one_line_rendered_or_light():
    [piece, _] = surprise.shaded(pieces_of(TRACE), TOKENS)
    assert reader.block(piece, light=True) in reader.block(piece)
    assert "\n" not in reader.block(piece, light=True)


def test_a_long_trace_is_shaded_whole_in_chunks():
    text = "word " * 40_000
    tokens = [TokenScore(stop, -0.1 if stop % 3 else -5.0) for stop in range(5, len(text) + 1, 5)]
    pieces = surprise.shaded([Piece(text, "attempt", at=0)], tokens)
    assert "".join(piece.text for piece in pieces) == text
    assert max(len(piece.text) for piece in pieces) <= CHUNK
    assert sum(piece.body.count("<mark") for piece in pieces) == sum(
        stop % 3 == 0 for stop in range(5, len(text) + 1, 5)
    )


def test_the_legend_names_every_shade():
    assert [f'class="w-s{number}"></i>{name}' in surprise.legend() for number, name in enumerate(
        ["1 to 2 nats", "2 to 4 nats", "4 to 7 nats", "over 7 nats"], 1
    )] == [True] * 4  # fmt: skip
