"""ROUGE-L (Lin 2004): the longest common subsequence of two texts' words as a share of both."""

import re
from collections.abc import Sequence
from fractions import Fraction

WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """What is compared: words and numbers, whatever the case and punctuation."""
    return WORD.findall(text.lower())


def rouge_l(first: Sequence[str], second: Sequence[str]) -> Fraction:
    """The F-measure of the common subsequence, exact, so that four of five shared words are 0.8 and no more."""
    total = len(first) + len(second)
    return Fraction(2 * common_subsequence(first, second), total) if total else Fraction(1)


def common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common subsequence, a row of the table in one number (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for place, word in enumerate(first):
        places[word] = places.get(word, 0) | 1 << place
    whole = (1 << len(first)) - 1
    row = whole
    for word in second:
        found = row & places.get(word, 0)
        row = (row + found | row - found) & whole
    return len(first) - row.bit_count()


def near(first: Sequence[str], others: Sequence[Sequence[str]], limit: float) -> bool:
    """True when the words share more than the limit with one of the others; exactly the limit is not near."""
    exact = Fraction(str(limit))
    return any(rouge_l(first, other) > exact for other in others)
