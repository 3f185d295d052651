"""Intervals and tests for shares of correct answers.

Of several attempts at a problem the mean counts: problems, not attempts, are the independent draws.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

import numpy as np

from curation.intervals import Z95, Interval, wilson

Correction = Literal["holm", "benjamini_hochberg", "none"]
RESAMPLES = 9999  # ours
SUMS, ADDITIONS = 2_000_000, 200_000_000  # ours: what counting every sum may cost, about half a second
LARGEST_DENOMINATOR = 1000  # attempts at a problem


def mcnemar(only_first: int, only_second: int) -> float:
    """Exact two-sided McNemar test: how likely the discordant pairs are if both are equally good."""
    from scipy.stats import binomtest

    discordant = only_first + only_second
    return float(binomtest(only_first, discordant, 0.5).pvalue) if discordant else 1.0


def paired_difference(both: int, only_first: int, only_second: int, neither: int) -> Interval | None:
    """Newcombe's hybrid score interval of the paired difference first - second (Newcombe 1998, method 10)."""
    total = both + only_first + only_second + neither
    first, second = wilson(both + only_first, total), wilson(both + only_second, total)
    if first is None or second is None:
        return None
    p1, p2 = (both + only_first) / total, (both + only_second) / total
    phi = _phi(both, only_first, only_second, neither)
    down1, up1, down2, up2 = p1 - first.low, first.high - p1, p2 - second.low, second.high - p2
    low = math.sqrt(max(0.0, down1**2 - 2 * phi * down1 * up2 + up2**2))
    high = math.sqrt(max(0.0, down2**2 - 2 * phi * down2 * up1 + up1**2))
    return Interval(p1 - p2 - low, p1 - p2 + high)


def paired_bootstrap(differences: Sequence[float], seed: int = 0, resamples: int = RESAMPLES) -> Interval | None:
    """BCa interval of the mean difference, problems drawn again (Efron 1987); None when all differences are equal."""
    from scipy.stats import bootstrap

    values = np.asarray(differences, float)
    if len(values) < 2 or np.ptp(values) == 0:
        return None
    found = bootstrap(
        (values,), np.mean, n_resamples=resamples, batch=500, vectorized=True, method="BCa",
        rng=np.random.default_rng(seed),
    )  # fmt: skip
    return Interval(float(found.confidence_interval.low), float(found.confidence_interval.high))


def permutation(differences: Sequence[float], seed: int = 0, resamples: int = RESAMPLES) -> float:
    """Two-sided paired permutation test of a mean difference of zero: every problem's sign is turned by chance.

    Exact where the sums can be counted, as they can for the same few attempts at every problem; else from seeded
    draws, the observed one among them (Phipson and Smyth 2010). For one attempt each it is McNemar's exact test.
    """
    parts = [Fraction(value).limit_denominator(LARGEST_DENOMINATOR) for value in differences if value]
    if not parts:
        return 1.0
    common = math.lcm(*(part.denominator for part in parts))
    steps = [abs(int(part * common)) for part in parts]
    if sum(steps) <= SUMS and sum(steps) * len(steps) <= ADDITIONS:
        return _counted(steps, abs(int(sum(parts) * common)))
    return _drawn(np.asarray([value for value in differences if value]), seed, resamples)


def _counted(steps: Sequence[int], observed: int) -> float:
    """Share of all sign patterns whose sum is at least as far from zero, by adding one problem after another."""
    top = sum(steps)
    shares, reach = np.zeros(top + 1), 0  # shares[k]: the steps with a plus sign add up to k
    shares[0] = 1.0
    for step in steps:
        moved = shares[: reach + 1] / 2
        shares[: reach + 1] = moved
        shares[step : reach + step + 1] += moved
        reach += step
    sums = 2 * np.arange(top + 1) - top
    return min(1.0, float(shares[np.abs(sums) >= observed].sum()))


def _drawn(values: np.ndarray[tuple[int], np.dtype[np.float64]], seed: int, resamples: int) -> float:
    random, observed, extreme = np.random.default_rng(seed), abs(values.sum()), 1
    for _ in range(resamples):
        signs = random.integers(0, 2, len(values)) * 2 - 1
        extreme += abs((signs * values).sum()) >= observed - 1e-12
    return float(extreme / (resamples + 1))


def corrected(p_values: Sequence[float], how: Correction = "holm") -> list[float]:
    """Adjusted p values of several comparisons, in the given order.

    Holm 1979 bounds the chance of any false claim, Benjamini and Hochberg 1995 the share of false ones.
    """
    n = len(p_values)
    order = sorted(range(n), key=lambda place: p_values[place])
    adjusted = list(p_values)
    if how == "holm":
        highest = 0.0
        for rank, place in enumerate(order):
            highest = adjusted[place] = max(highest, min(1.0, (n - rank) * p_values[place]))
    if how == "benjamini_hochberg":
        lowest = 1.0
        for rank, place in reversed(list(enumerate(order, 1))):
            lowest = adjusted[place] = min(lowest, n / rank * p_values[place])
    return adjusted


def needed(difference: float, square: float, power: float = 0.8) -> int | None:
    """Problems needed to see this mean difference at 5 % with this power (Connor 1987); None when there is none.

    `square` is the mean squared difference of a problem, for single attempts the share of discordant pairs.
    """
    return math.ceil(_needed(abs(difference), square, power)) if difference else None


def _needed(difference: float, square: float, power: float) -> float:
    from scipy.stats import norm

    reach = float(norm.ppf(power)) * math.sqrt(max(0.0, square - difference**2))
    return ((Z95 * math.sqrt(square) + reach) / difference) ** 2


def detectable(problems: int, square: float, power: float = 0.8) -> float | None:
    """The smallest mean difference this many problems show at 5 % with this power; None when they show none.

    The inverse of `needed` for the mean squared difference that was seen; a larger difference brings its own pairs.
    """
    from scipy.optimize import brentq

    def missing(difference: float) -> float:
        return _needed(difference, max(square, difference), power) - problems

    return float(brentq(missing, 1e-9, 1.0, xtol=1e-12)) if problems and missing(1.0) <= 0 else None


def _phi(both: int, only_first: int, only_second: int, neither: int) -> float:
    """Correlation of the pairs, with Newcombe's continuity correction."""
    margins = (both + only_first) * (only_second + neither) * (both + only_second) * (only_first + neither)
    if margins == 0:
        return 0.0
    total = both + only_first + only_second + neither
    product = both * neither - only_first * only_second
    continuous = max(product - total / 2, 0) if product > 0 else product
    return continuous / math.sqrt(margins)
