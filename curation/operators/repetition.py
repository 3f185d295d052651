"""Measure how much a trace repeats itself, and whether it ends in a loop."""

from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from curation.operator import Annotation, Annotator, ScoreType
from curation.params import Positive
from curation.texts.kinds import latin, table
from curation.trace import Trace

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, so that nothing of a hash is lost
BASE = 0x5851F42D4C957F2D  # odd, so that its powers have inverses
TABLE = 1 << 16  # characters; of longer texts, which are few, the powers are made each time anew
LONGEST = 16  # characters of a word, so that a text without spaces still repeats
KINDS = table({"w": r"\w", ".": r"\S"})


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
        # both texts at once, since so many steps over few words take as long as over many
        words, starts = words_of(f"{trace.reasoning}\n{trace.answer}")
        reasoned = int(np.searchsorted(starts, len(trace.reasoning)))
        loops = [ending_loop(part, self.min_repeats) for part in (words[:reasoned], words[reasoned:])]
        length, turns = max(loops)
        if not len(words):
            return Annotation({"repetition": None, "loop_share": None, "n_loops": None})
        share = length / len(words)
        return Annotation({"repetition": repeated_share(words, self.n), "loop_share": share, "n_loops": turns})


class Words(NamedTuple):
    """A hash of each word and of each symbol of a text, and where it starts."""

    hashes: Hashes
    starts: Places


def words_of(text: str) -> Words:
    """The words, cut every LONGEST characters, and the symbols; a hash is a polynomial of the characters."""
    starts, stops = _spans(latin(text).translate(KINDS))
    powers, inverses = _powers(max(TABLE, 1 << len(text).bit_length()))
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(codes * powers[: len(codes)], out=sums[1:])
    return Words((sums[stops] - sums[starts]) * inverses[starts], starts)


def _spans(kinds: bytes) -> tuple[Places, Places]:
    """Where words and symbols start and stop."""
    padded = np.frombuffer(b" " + kinds + b" ", np.uint8)
    word, symbol = padded == ord("w"), padded[1:-1] == ord(".")
    begins, ends = (word[1:-1] > word[:-2]) | symbol, (word[1:-1] > word[2:]) | symbol
    (starts,), (stops,) = begins.nonzero(), ends.nonzero()
    stops += 1
    (long,) = (stops - starts > LONGEST).nonzero()
    for start, stop in zip(starts[long].tolist(), stops[long].tolist(), strict=True):
        begins[start + LONGEST : stop : LONGEST] = True
        ends[start + LONGEST - 1 : stop - 1 : LONGEST] = True
    return (begins.nonzero()[0], ends.nonzero()[0] + 1) if len(long) else (starts, stops)


@lru_cache(1)
def _powers(size: int) -> tuple[Hashes, Hashes]:
    bases = [np.full(size, base, np.uint64) for base in (BASE, pow(BASE, -1, 1 << 64))]
    powers, inverses = (np.cumprod(base) for base in bases)
    return powers, inverses


def repeated_share(words: Hashes, n: int) -> float | None:
    """1 - unique n-grams / n-grams; None for a text shorter than one n-gram."""
    total = len(words) - n + 1
    if total < 1:
        return None
    mixed = words[:total].copy()
    for shift in range(1, n):
        mixed *= MIX
        mixed += words[shift : shift + total]
    mixed.sort()
    return 1 - (1 + int(np.count_nonzero(mixed[1:] != mixed[:-1]))) / total


def ending_loop(words: Hashes, min_repeats: int) -> tuple[int, int]:
    """Words covered by the longest loop at the end, and how often it turns; (0, 0) without one.

    Read backwards, a loop repeats its first word at its period. Periods inside a loop already found are left out: by
    Fine and Wilf none of them reaches farther. The last word is left out too, as a generation may stop in the middle
    of it.
    """
    backward = words[-2::-1]
    best, turns, passed = 0, 0, 0
    for period in _periods(backward, min_repeats):
        if period > passed:
            length = _reach(backward, period)
            best, turns = max((best, turns), (length, length // period), key=itemgetter(0))
            passed = length - period
    return best, turns


def _periods(backward: Hashes, min_repeats: int) -> Iterator[int]:
    """The periods with which the words repeat from the first on, at least so often."""
    data, size = backward.tobytes(), backward.itemsize
    for period in np.flatnonzero(backward[1 : len(backward) // min_repeats + 1] == backward[:1]).tolist():
        place = (period + 1) * size
        if data.startswith(data[: (min_repeats - 1) * place], place):
            yield period + 1


def _reach(backward: Hashes, period: int) -> int:
    """How many words from the first on repeat the word one period before."""
    other = np.flatnonzero(backward[period:] != backward[:-period])
    return period + int(other[0]) if len(other) else len(backward)
