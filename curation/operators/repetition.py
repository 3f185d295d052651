"""Measure how much a trace repeats itself, and whether it ends in a loop."""

import re
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from curation.operator import Annotation, Annotator, ScoreType
from curation.params import Positive
from curation.trace import Trace

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
    return 1 - len(set(zip(*(words[shift:] for shift in range(n)), strict=False))) / total


def ending_loop(words: Sequence[str], min_repeats: int) -> tuple[int, int]:
    """Words covered by the longest loop at the end, and how often it turns; (0, 0) without one.

    The prefix function of Knuth, Morris and Pratt on the reversed words gives the smallest period of every ending in
    one pass. The last word is left out, as a generation may stop in the middle of it.
    """
    backward = words[-2::-1]
    borders = [0] * len(backward)
    best, turns, border = 0, 0, 0
    for place in range(1, len(backward)):
        while border and backward[place] != backward[border]:
            border = borders[border - 1]
        border += backward[place] == backward[border]
        borders[place] = border
        length, period = place + 1, place + 1 - border
        if length >= min_repeats * period:
            best, turns = length, length // period
    return best, turns
