"""Segments that say again what an earlier one said: word for word, or nearly so."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from curation.trace import Trace

# a word, one character of a script without spaces, or a sign that changes what a formula says
TOKEN = re.compile(r"[぀-ヿ㐀-鿿]|[^\W_぀-ヿ㐀-鿿]+|[-+*/=<>^]")
FEWEST_EXACT = 4  # ours: tokens; "Hmm, okay." said twice is no repeat worth showing
FEWEST_NEAR = 12  # ours: tokens; below, two different remarks share most of their words by chance
SHINGLE = 3  # ours: tokens
SAME = 0.8  # ours: share of a segment's shingles that stand in the earlier one
COMMON = 40  # ours: a shingle of more segments than this tells nothing apart


def twins(trace: Trace) -> dict[int, int]:
    """Index of a repeated segment -> index of the segment that said it first.

    A segment repeats another when their words are equal but for case, marks and spacing, or when most of its word
    triples stand in the other and it brings no number the other lacks: a case worked with other numbers is new.
    """
    first: dict[tuple[str, ...], int] = {}
    holders: dict[int, list[int]] = defaultdict(list)
    numbers: dict[int, frozenset[str]] = {}
    found: dict[int, int] = {}
    for index, segment in enumerate(trace.segments):
        words = tuple(TOKEN.findall(trace.reasoning[segment.start : segment.stop].lower()))
        if len(words) < FEWEST_EXACT:
            continue
        earlier = first.setdefault(words, index)
        if earlier != index:
            found[index] = found.get(earlier, earlier)
            continue
        shingles = frozenset(_shingles(words))
        numbers[index] = frozenset(word for word in words if word[0].isdigit())
        near = _near(shingles, numbers[index], holders, numbers) if len(words) >= FEWEST_NEAR else None
        if near is not None:
            found[index] = near
            continue
        for shingle in shingles:
            holders[shingle].append(index)
    return found


def _shingles(words: tuple[str, ...]) -> Iterator[int]:
    # the hash of a string differs between processes, but only equality is asked for
    return map(hash, zip(*(words[shift:] for shift in range(SHINGLE)), strict=False))


def _near(
    shingles: frozenset[int], new: frozenset[str], holders: dict[int, list[int]], numbers: dict[int, frozenset[str]]
) -> int | None:
    shared: Counter[int] = Counter()
    for shingle in shingles:
        listed = holders.get(shingle, ())
        if len(listed) <= COMMON:
            shared.update(listed)
    wanted = SAME * len(shingles)
    return min((index for index, n in shared.items() if n >= wanted and new <= numbers[index]), default=None)
