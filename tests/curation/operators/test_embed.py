import pytest

from curation.encoders import DIMENSIONS, load_encoder
from curation.errors import UserError
from curation.operators.embed import Embed


def vectors(traces, **fields):
    found = Embed(**fields).annotate_batch(traces)
    assert all(annotation.scores == {} for annotation in found)
    return [annotation.vector for annotation in found]


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("question", "How many apples?"),
        ("reasoning", "Count the pears."),
        ("both", "How many apples?\n\nCount the pears."),
    ],
)
def test_the_chosen_text_is_encoded(make_trace, what, text):
    trace = make_trace("Count the pears.", question="How many apples?", answer="Seven plums")
    (row,) = load_encoder().encode([text])
    assert vectors([trace], what=what) == [row.tolist()]
    assert len(row) == DIMENSIONS


def test_a_text_without_words_has_no_vector(make_trace):
    empty, marks, words = make_trace(""), make_trace("..."), make_trace("Count.")
    assert [vector is None for vector in vectors([empty, marks, words], what="reasoning")] == [True, True, False]


def test_traces_of_one_question_share_a_vector(make_trace):
    first, second, other = make_trace("a"), make_trace("b"), make_trace("c", question="Where is the train?")
    found = vectors([first, second, other])
    assert found[0] == found[1] != found[2]


def test_an_encoder_that_is_not_here_stops_the_run(make_trace, tmp_path):
    with pytest.raises(UserError, match="cannot be loaded"):
        Embed(encoder=str(tmp_path / "missing")).annotate_batch([make_trace("a")])
