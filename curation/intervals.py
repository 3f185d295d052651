"""Confidence intervals of shares."""

import math
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

Z95 = 1.959963984540054  # two-sided 95 % of the normal distribution


class Interval(NamedTuple):
    """A 95 % confidence interval."""

    low: float
    high: float


def wilson(successes: float, total: float) -> Interval | None:
    """Wilson's score interval of a share (Wilson 1927); None without observations."""
    if total == 0:
        return None
    share, z2 = successes / total, Z95**2
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z95 * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def clustered(clusters: Sequence[Sequence[bool]]) -> Interval | None:
    """Wilson's interval of the mean over clusters, such as the attempts at each problem; None without any.

    It counts with the number of independent attempts that have the standard error of the clusters' means (Korn and
    Graubard 1998). With one attempt each, it is `wilson`; where all attempts at a problem agree, each problem counts
    once.
    """
    if not clusters:
        return None
    means = [fmean(cluster) for cluster in clusters]
    share, attempts = fmean(means), sum(map(len, clusters))
    if share in (0, 1):
        return wilson(share * len(clusters), len(clusters))
    variance = sum((value - share) ** 2 for value in means) / len(means) ** 2
    effective = attempts if variance == 0 else min(attempts, share * (1 - share) / variance)
    return wilson(share * effective, effective)
