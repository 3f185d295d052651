"""The rows a threshold decides most narrowly."""

import numpy as np


def nearest(values: np.ndarray, kept: np.ndarray, n: int) -> np.ndarray:
    """Places of the n kept and n dropped values nearest to each other across a threshold; of equals the first.

    A kept value is measured from the dropped ones next to the kept range, a dropped one from that range.
    """
    known = ~np.isnan(values)
    inside, outside = np.flatnonzero(known & kept), np.flatnonzero(known & ~kept)
    chosen, left = values.take(inside), values.take(outside)
    low, high = chosen.min(initial=np.inf), chosen.max(initial=-np.inf)
    below, above = left[left < low].max(initial=-np.inf), left[left > high].min(initial=np.inf)
    with np.errstate(invalid="ignore"):  # between infinite values
        of_chosen = np.minimum(chosen - below, above - chosen)
        of_left = np.where(left < low, low - left, left - high)
    return np.concatenate([inside[_least(of_chosen, n)], outside[_least(of_left, n)]])


def _least(distances: np.ndarray, n: int) -> np.ndarray:
    if len(distances) <= n:
        return np.arange(len(distances))
    limit = np.partition(distances, n - 1)[n - 1]
    less = np.flatnonzero(distances < limit)
    return np.concatenate([less, np.flatnonzero(distances == limit)[: n - len(less)]])
