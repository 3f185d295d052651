"""Intervals and tests for shares of correct answers."""

import math

from curation.intervals import Z95, Interval, wilson


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


def pairs_needed(only_first: int, only_second: int, total: int, power: float = 0.8) -> int | None:
    """Problems needed to see the observed difference at 5 % with this power (Connor 1987); None when there is none."""
    from scipy.stats import norm

    if total == 0 or only_first == only_second:
        return None
    discordant, difference = (only_first + only_second) / total, abs(only_first - only_second) / total
    reach = float(norm.ppf(power)) * math.sqrt(discordant - difference**2)
    return math.ceil(((Z95 * math.sqrt(discordant) + reach) / difference) ** 2)


def _phi(both: int, only_first: int, only_second: int, neither: int) -> float:
    """Correlation of the pairs, with Newcombe's continuity correction."""
    margins = (both + only_first) * (only_second + neither) * (both + only_second) * (only_first + neither)
    if margins == 0:
        return 0.0
    total = both + only_first + only_second + neither
    product = both * neither - only_first * only_second
    corrected = max(product - total / 2, 0) if product > 0 else product
    return corrected / math.sqrt(margins)
