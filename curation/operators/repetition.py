"""Measure how much a trace repeats itself, and whether it ends in a loop."""

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from curation.operator import Annotation, Annotator, ScoreType
from curation.params import Positive
from curation.trace import Trace

MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, so that nothing of a hash is lost
# a word, cut every 16 characters so that a text without spaces still repeats, or a symbol
PIECES = re.compile(r"\w{1,16}|[^\w\s]")


class Repetition(Annotator):
    """Measure the share of repeated word sequences and of a loop at the end."""

    op: Literal["repetition"] = "repetition"
    # Welleck et al. 2019 (Unlikelihood Training), section 6: seq-rep-4 = 1 - unique 4-grams / 4-grams
    n: Positive = Field(4, description="Length of the compared sequences, words", le=20)
    min_repeats: Positive = Field(3, description="Fewest turns that make the ending a loop", ge=2, le=20)  # ours

    def adds(self) -> dict[str, ScoreType]:
        """Share of repeated n-grams, share of the text that is one loop at its end, and the turns of that loop."""
        return {"repetition": "number", "loop_share": "number", "n_loops": "number"}

    def annotate(self, trace: Trace) -> Annotation:
        """Measure the n-grams over reasoning and answer, the loop at the end of either."""
        reasoning, answer = PIECES.findall(trace.reasoning), PIECES.findall(trace.answer)
        words = reasoning + answer
        loops = [ending_loop(part, self.min_repeats) for part in (reasoning, answer)]
        length, turns = max(loops)
        share = length / len(words) if words else None
        return Annotation(
            {"repetition": repeated_share(words, self.n), "loop_share": share, "n_loops": turns if words else None}
        )


def repeated_share(words: Sequence[str], n: int) -> float | None:
    """1 - unique n-grams / n-grams; None for a text shorter than one n-gram."""
    total = len(words) - n + 1
    if total < 1:
        return None
    hashes = np.fromiter(map(hash, words), np.int64, len(words)).view(np.uint64)
    mixed = np.zeros(total, np.uint64)
    for shift in range(n):
        mixed = mixed * MIX + hashes[shift : shift + total]
    return 1 - len(np.unique(mixed)) / total


def ending_loop(words: Sequence[str], min_repeats: int) -> tuple[int, int]:
    """Words covered by the longest loop at the end, and how often it turns; (0, 0) without one.

    Read backwards, a loop repeats its first word at its period. Periods inside a loop already found are left out: by
    Fine and Wilf none of them reaches farther. The last word is left out too, as a generation may stop in the middle
    of it.
    """
    backward = list(words[-2::-1])
    best, turns, period = 0, 0, _next(backward, 1)
    while min_repeats * period <= len(backward):
        length = _reach(backward, period)
        if length >= min_repeats * period and length > best:
            best, turns = length, length // period
        period = _next(backward, max(period, length - period) + 1)
    return best, turns


def _next(backward: list[str], start: int) -> int:
    """The next place of the first word."""
    try:
        return backward.index(backward[0], start)
    except (ValueError, IndexError):
        return len(backward) + 1


def _reach(backward: list[str], period: int) -> int:
    """How many words from the first on repeat the word one period before."""
    place = period
    while place < len(backward) and backward[place] == backward[place - period]:
        place += 1
    return place
