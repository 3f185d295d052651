"""How far a judge agrees with people, or with another judge: shares, Cohen's kappa, ranks, and the best threshold.

Rows that one of the two did not judge are left out. What cannot be said of so few rows is None.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from curation.intervals import Interval, wilson

Weights = Literal["none", "linear", "quadratic"]
Numbers = NDArray[np.float64]
CHUNK = 100  # ours: samples ranked at once, so that 10,000 rows take 8 MB
RESAMPLES = 2000  # ours: the ends of an interval move by about 0.01 from one seed to another
T = TypeVar("T")
U = TypeVar("U")


class Agreement(NamedTuple):
    """Two judges of the same rows: the share on which they agree, and kappa, with 95 % intervals, and who said what.

    `table[i][j]` counts rows that the first called `labels[i]` and the second `labels[j]`.
    """

    n: int
    agreed: float | None
    agreed_interval: Interval | None
    kappa: float | None
    kappa_interval: Interval | None
    labels: tuple[Any, ...]
    table: tuple[tuple[int, ...], ...]


class Ranks(NamedTuple):
    """How alike two scores order the same rows: Spearman's correlation with its 95 % interval."""

    n: int
    rho: float | None
    interval: Interval | None


class Threshold(NamedTuple):
    """A score from which on rows count as right, chosen to agree best with a flag, and how well it does."""

    value: float
    agreed: float
    kappa: float


def agreement(
    first: Sequence[object], second: Sequence[object], weights: Weights = "none", labels: Sequence[object] = ()
) -> Agreement:
    """Compare two judges' labels; `labels` gives the order of ordinal ones, which weights need."""
    both = known(first, second)
    names = tuple(labels) or tuple(sorted({value for pair in both for value in pair}, key=str))
    places = {name: place for place, name in enumerate(names)}
    table = np.zeros((len(names), len(names)), np.int64)
    for one, other in both:
        table[places[one], places[other]] += 1
    agreed = int(np.trace(table))
    return Agreement(
        len(both), agreed / len(both) if both else None, wilson(agreed, len(both)), kappa(table, weights),
        kappa_interval(table, weights), names, tuple(tuple(map(int, row)) for row in table),
    )  # fmt: skip


def kappa(table: NDArray[Any], weights: Weights = "none") -> float | None:
    """Cohen's kappa (1960), weighted (1968) for ordinal labels; None where chance alone would agree always."""
    total = table.sum()
    if not total:
        return None
    cost = _costs(len(table), weights)
    shares = table / total
    expected = float((cost * np.outer(shares.sum(1), shares.sum(0))).sum())
    return None if expected == 0 else 1 - float((cost * shares).sum()) / expected


def kappa_interval(table: NDArray[Any], weights: Weights = "none", seed: int = 0) -> Interval | None:
    """The middle 95 % of kappa over tables drawn anew from the rows of this one."""
    total = int(table.sum())
    if total < 2:
        return None
    drawn = np.random.default_rng(seed).multinomial(total, table.ravel() / total, RESAMPLES)
    return _middle([kappa(one.reshape(table.shape), weights) for one in drawn])


def ranks(first: Sequence[float | None], second: Sequence[float | None], seed: int = 0) -> Ranks:
    """Spearman's correlation of two scores, with the middle 95 % over rows drawn anew."""
    both = known(first, second)
    left, right = (np.array([pair[side] for pair in both], np.float64) for side in (0, 1))
    random = np.random.default_rng(seed)
    found = list[float | None]()
    for _ in range(0, RESAMPLES if len(both) > 2 else 0, CHUNK):
        rows = random.integers(0, len(both), (CHUNK, len(both)))
        found += spearman(left[rows], right[rows])
    return Ranks(len(both), spearman(left[None], right[None])[0] if both else None, _middle(found))


def spearman(first: Numbers, second: Numbers) -> list[float | None]:
    """For each row the correlation of ranks, equal values sharing theirs; None where one of the two never varies."""
    from scipy.stats import rankdata

    left, right = (rankdata(values, axis=1) - (values.shape[1] + 1) / 2 for values in (first, second))
    spread = np.sqrt((left**2).sum(1) * (right**2).sum(1))
    together = (left * right).sum(1)
    return [float(top / below) if below else None for top, below in zip(together, spread, strict=True)]


def best_threshold(scores: Sequence[float | None], flags: Sequence[bool | None]) -> Threshold | None:
    """The threshold of highest kappa; None where there are no two scores or the flag never varies.

    Kappa and not the share agreed: where nine rows in ten are right, calling all of them right agrees on nine in ten.
    Of equal ones the lowest is taken; it lies halfway between two scores.
    """
    both = sorted(known(scores, flags))
    values = np.array([score for score, _ in both], np.float64)
    right = np.cumsum([0, *(flag for _, flag in both)])
    cuts = np.flatnonzero(np.diff(values)) + 1  # rows below each threshold
    n, total = len(both), int(right[-1])
    if not len(cuts) or total in (0, n):
        return None
    agreed = (total - 2 * right[cuts] + cuts) / n
    expected = ((n - cuts) * total + cuts * (n - total)) / n**2
    kappas = (agreed - expected) / (1 - expected)
    best = int(np.argmax(kappas))
    halfway = (values[cuts[best] - 1] + values[cuts[best]]) / 2
    return Threshold(float(halfway), float(agreed[best]), float(kappas[best]))


def known(first: Sequence[T | None], second: Sequence[U | None]) -> list[tuple[T, U]]:
    """The pairs of which both are known."""
    pairs = zip(first, second, strict=True)
    return [(one, other) for one, other in pairs if one is not None and other is not None]


def bootstrap(rows: Sequence[T], statistic: Callable[[Sequence[T]], float | None], seed: int = 0) -> Interval | None:
    """The middle 95 % of a statistic over rows drawn anew; None for fewer than two rows."""
    if len(rows) < 2:
        return None
    random = np.random.default_rng(seed)
    drawn = (random.integers(0, len(rows), len(rows)) for _ in range(RESAMPLES))
    return _middle([statistic([rows[place] for place in places]) for places in drawn])


def _costs(size: int, weights: Weights) -> Numbers:
    distance = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    cost = {"none": distance > 0, "linear": distance, "quadratic": distance**2}[weights]
    return np.asarray(cost, np.float64)


def _middle(values: Sequence[float | None]) -> Interval | None:
    """The middle 95 % of the values that are known; None where more than one in twenty is not."""
    found = [value for value in values if value is not None]
    if not found or len(found) < 0.95 * len(values):
        return None
    low, high = np.percentile(found, [2.5, 97.5])
    return Interval(float(low), float(high))
