import pytest

from curation.texts.importance import centrality, rank_sentences, rank_words, words


def test_a_sentence_that_shares_words_with_the_others_is_central():
    texts = ["Water boils in the kettle.", "The kettle holds water.", "Parrots live long."]
    first, second, third = centrality(texts)
    assert min(first, second) > third


def test_a_new_number_comes_before_a_known_one_and_both_before_prose():
    ranks = rank_sentences(["There are 12.", "So 12 it is.", "Water is wet."])
    assert ranks[0] > ranks[1] > ranks[2]


def test_numbers_signs_and_negations_come_first_and_function_words_last():
    ranks = dict(
        zip(["the", "wolf ", "not ", "12 ", "+ "], rank_words(["the", "wolf ", "not ", "12 ", "+ "]), strict=True)
    )
    assert ranks["the"] < ranks["wolf "] < ranks["not "] == ranks["12 "] == ranks["+ "]


def test_a_word_said_often_ranks_below_a_rare_one():
    ranks = rank_words(["wolf", "wolf", "goat"])
    assert ranks[0] == ranks[1] < ranks[2]


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("", []),
        ("one two", ["one ", "two"]),
        ("  one\n\ntwo ", ["  one\n\n", "two "]),
        (r"so \(a + b\) holds", ["so ", r"\(a + b\) ", "holds"]),
        ("每天 12", ["每", "天 ", "12"]),
        ("run ```x = 1\ny = 2``` now", ["run ", "```x = 1\ny = 2``` ", "now"]),
    ],
)
def test_words_tile_the_text_and_a_formula_is_one(text, split):
    assert [text[start:stop] for start, stop in words(text)] == split
