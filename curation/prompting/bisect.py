"""Searches that ask one question at a time, many of them side by side: a round asks what all of them want to know.

A search is a generator: it yields what it wants to have judged, is sent the verdict, and returns what it found.
"""

from collections.abc import Callable, Generator, Sequence
from itertools import count
from typing import Literal, NamedTuple, TypeVar

Order = Literal["binary", "linear", "galloping"]
Probe = TypeVar("Probe")
Found = TypeVar("Found")
Places = Generator[int, bool, None]


class Stuck(NamedTuple):
    """A verdict nobody could give, and why; it ends its search."""

    reason: str


def first_valid(n: int, order: Order = "binary", least: int = 1, most: int = 0) -> Generator[int, bool, int | None]:
    """The smallest k from `least` to n that is valid, if what is longer than a valid one is valid too.

    What is returned was always judged valid itself, whether that holds or not; None where nothing was. Binary and
    galloping search ask at most about log2(n) + 1 and 2 log2(n) times; after `most` verdicts (0: as many as it
    takes) the best so far counts.
    """
    search = {"binary": _binary, "linear": _linear, "galloping": _galloping}[order](max(1, min(least, n)), n + 1)
    best, place = None, next(search, None)
    for _ in range(most) if most else count():
        if place is None:
            break
        verdict = yield place
        best = place if verdict else best  # no order goes on with a longer one after a valid one
        place = _sent(search, verdict)
    return best


def _binary(low: int, stop: int) -> Places:
    """`stop` itself is never asked: it is valid, or stands for none."""
    while low < stop:
        middle = (low + stop) // 2
        if (yield middle):
            stop = middle
        else:
            low = middle + 1


def _linear(low: int, stop: int) -> Places:
    for place in range(low, stop):
        if (yield place):
            return


def _galloping(low: int, stop: int) -> Places:
    step = 1
    while low < stop:
        place = min(low + step - 1, stop - 1)
        if (yield place):
            yield from _binary(low, place)
            return
        low, step = place + 1, step * 2


def _sent(search: Places, verdict: bool) -> int | None:
    try:
        return search.send(verdict)
    except StopIteration:
        return None


def without_each(
    n: int, tried: Sequence[int], most: int = 0
) -> Generator[tuple[int, ...], bool, tuple[int, ...] | None]:
    """The places of n that are needed: each of `tried` is left out, and stays out where the rest is valid without it.

    None where not even all of them together are valid. After `most` verdicts the others count as needed.
    """
    kept = tuple(range(n))
    if not (yield kept):
        return None
    for place in tried[: most - 1 if most else n]:
        rest = tuple(one for one in kept if one != place)
        if (yield rest):
            kept = rest
    return kept


def together(
    searches: Sequence[Generator[Probe, bool, Found]],
    judge: Callable[[list[tuple[int, Probe]]], Sequence[bool | Stuck]],
) -> list[Found | Stuck]:
    """What every search found; a round hands `judge` the next probe of each unfinished one, by the search's place."""
    found: dict[int, Found | Stuck] = {}
    verdicts: dict[int, bool | Stuck | None] = dict.fromkeys(range(len(searches)))
    while verdicts:
        wanted: dict[int, Probe] = {}
        for place, verdict in verdicts.items():
            if isinstance(verdict, Stuck):
                found[place] = verdict
                continue
            try:
                wanted[place] = searches[place].send(verdict)  # type: ignore[arg-type]  # None starts a generator
            except StopIteration as end:
                found[place] = end.value
        verdicts = dict(zip(wanted, judge(list(wanted.items())), strict=True)) if wanted else {}
    return [found[place] for place in range(len(searches))]
