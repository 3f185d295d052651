"""Whether lengths follow the level they were written for: medians by level, and the neighbours out of order."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple


class Rising(NamedTuple):
    """The median of each level in order, None for a level without rows; and neighbours that do not rise."""

    medians: Mapping[str, float | None]
    flagged: tuple[tuple[str, str], ...]


def rising(rows: Iterable[tuple[str, float]], levels: Sequence[str]) -> Rising:
    """From (level, length) rows; levels without rows are passed over."""
    lengths: dict[str, list[float]] = {level: [] for level in levels}
    for level, length in rows:
        if level in lengths:
            lengths[level].append(length)
    medians = {level: median(found) if found else None for level, found in lengths.items()}
    known = [(level, found) for level, found in medians.items() if found is not None]
    flagged = tuple((one, other) for (one, low), (other, high) in pairwise(known) if low >= high)
    return Rising(medians, flagged)
