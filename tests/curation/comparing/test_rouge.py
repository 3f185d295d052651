import random
from fractions import Fraction

from curation.comparing.rouge import common_subsequence, near, rouge_l, words


def by_table(first, second):
    """The textbook table."""
    table = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i, one in enumerate(first):
        for j, other in enumerate(second):
            table[i + 1][j + 1] = table[i][j] + 1 if one == other else max(table[i][j + 1], table[i + 1][j])
    return table[-1][-1]


def test_the_common_subsequence_is_that_of_the_textbook():
    rng = random.Random(0)
    for _ in range(200):
        first, second = ([rng.choice("abcde") for _ in range(rng.randrange(30))] for _ in range(2))
        assert common_subsequence(first, second) == by_table(first, second)


def test_four_of_five_words_are_exactly_four_fifths_and_not_near():
    first, second = words("one two three four five"), words("one two three four six")
    assert rouge_l(first, second) == Fraction(4, 5)
    assert not near(first, [second], 0.8)


def test_nine_of_ten_words_are_near():
    first = words("one two three four five six seven eight nine ten")
    assert near(first, [words("nothing alike"), words("one two three four five six seven eight nine eleven")], 0.8)


def test_order_counts_and_case_and_marks_do_not():
    assert rouge_l(words("a b c d"), words("D c B a")) == Fraction(1, 4)
    assert rouge_l(words("So 3 + 4 = 7."), words("so, 3 4 7")) == 1


def test_two_empty_texts_are_the_same():
    assert rouge_l([], []) == 1
