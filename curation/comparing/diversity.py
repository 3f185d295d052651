"""Choose rows that differ: greedy selections over unit vectors, the same each time."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


class Choice(NamedTuple):
    """The rows taken, in order; of every row its worth when taken or in the end, and the nearest row taken."""

    taken: Ints
    worth: Floats
    nearest: Ints


def unit(vectors: Floats) -> Floats:
    """Vectors of length 1; zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Floats = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return units


def k_centre(units: Floats, k: int) -> Choice:
    """Begin nearest to the mean, then take the row farthest from all taken, by cosine distance."""
    none = np.zeros(len(units), np.float32)
    return _greedy(units, k, none, 1.0, int(np.argmax(units @ units.mean(axis=0))))


def mmr(units: Floats, k: int, relevance: Floats, diversity: float) -> Choice:
    """Maximal marginal relevance: a row's relevance, from 0 to 1, against its distance from the rows taken."""
    low, high = relevance.min(), relevance.max()
    scaled = (relevance - low) / (high - low) if high > low else np.ones_like(relevance)
    gain = ((1 - diversity) * scaled).astype(np.float32)
    return _greedy(units, k, gain, diversity, int(np.argmax(gain)))


def _greedy(units: Floats, k: int, gain: Floats, weight: float, first: int) -> Choice:
    """Take rows by gain plus weighted cosine distance from the nearest row taken; of equals the first."""
    similarity, nearest = np.full(len(units), -np.inf, np.float32), np.zeros(len(units), np.int64)
    open_to, scale = np.zeros(len(units), np.float32), np.float32(weight)  # minus infinity for the rows taken
    taken: list[int] = []
    final = gain + scale
    row = first
    while len(taken) < min(k, len(units)):
        taken.append(row)
        open_to[row] = -np.inf
        new = units @ units[row]
        np.copyto(nearest, row, where=(new > similarity) & (open_to == 0))
        np.maximum(similarity, new, out=similarity)
        worth = gain + scale * (1 - similarity) + open_to
        np.copyto(final, worth, where=open_to == 0)
        row = int(np.argmax(worth))
    return Choice(np.array(taken, np.int64), final, nearest)
