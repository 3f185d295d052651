"""Pairs of rows that are nearly the same: by the runs of words they share, or by the angle between their vectors.

MinHash proposes the pairs and the exact Jaccard similarity of the sets decides, so a pair that is reported is one.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt
import rensa

from curation.comparing.overlap import IDEOGRAPHS

WORD = re.compile(rf"[{IDEOGRAPHS}]|[^\W{IDEOGRAPHS}]+")
PLAIN = bytes(ord(chr(code).lower()) if chr(code).isalnum() or code == ord("_") else ord(" ") for code in range(128))
PLAIN += bytes(range(128, 256))
PERMUTATIONS, SEED = 128, 1  # of MinHash
MISSED = 1e-3  # ours: chance that a pair exactly at the threshold is not proposed
NEAR = 16  # ours: rows of a bucket each row is compared with; the bucket's first comes on top
BLOCK = 8_000_000  # cells of a similarity matrix held at once
LINKS = 4_000_000  # pairs held before they are joined into clusters
CHUNK = 4_000  # rows whose hashes are widened at once

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint32]


class Pairs(NamedTuple):
    """Rows `early` < `late` by place, and how similar they are."""

    early: Ints
    late: Ints
    similarity: npt.NDArray[np.float64]


class Twins(NamedTuple):
    """Of each row its cluster's first row, the nearest row before it, how similar that is; -1 and NaN for none."""

    cluster: Ints
    nearest: Ints
    similarity: npt.NDArray[np.float64]


class Sets(NamedTuple):
    """Sets of hashes, one after the other: set i is values[offsets[i] : offsets[i + 1]], sorted."""

    values: Hashes
    offsets: Ints

    def of(self, row: int) -> Hashes:
        """One row's set."""
        return self.values[self.offsets[row] : self.offsets[row + 1]]


@lru_cache(maxsize=200_000)
def _word_hash(word: bytes) -> int:
    return crc32(word) << 32 | crc32(word, 0x5BD1E995)


def _words(text: str) -> list[bytes]:
    """The words of a text, small; plain text is split by bytes, three times as fast as by a pattern."""
    if text.isascii():
        return text.encode().translate(PLAIN).split()
    return [word.encode("utf-8", "surrogatepass") for word in WORD.findall(text.casefold())]


def shingles(text: str, n: int) -> Hashes:
    """Hashes of the text's runs of n words, whatever their case and punctuation; sorted, each once."""
    words = np.fromiter(map(_word_hash, _words(text)), np.uint64)
    if not len(words):
        return np.empty(0, np.uint32)
    n = min(n, len(words))
    mixed = np.zeros(len(words) - n + 1, np.uint64)
    for place in range(n):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + words[place : len(words) - n + 1 + place]
        mixed ^= mixed >> np.uint64(29)
    return np.unique((mixed * np.uint64(0xBF58476D1CE4E5B9) >> np.uint64(32)).astype(np.uint32))


def jaccard_twins(sets: Sets, groups: Ints, threshold: float) -> Twins:
    """Rows of one group are twins when their sets have at least this Jaccard similarity."""
    pairs, count = _jaccard_pairs(sets, groups, threshold), len(groups)
    return Twins(_clusters(pairs.early, pairs.late, count), *_nearest(pairs, count))


def _jaccard_pairs(sets: Sets, groups: Ints, threshold: float) -> Pairs:
    filled = np.flatnonzero(np.diff(sets.offsets))  # an empty text says nothing, so it repeats nothing
    if not len(filled):
        return _pairs([])
    digests = _digests(sets, filled)
    codes = _candidates(digests, groups[filled], threshold)
    early, late = np.divmod(codes, len(filled))
    likely = _agreement(digests, early, late) >= threshold - 4 * (threshold * (1 - threshold) / PERMUTATIONS) ** 0.5
    found = []
    for first, second in zip(filled[early[likely]].tolist(), filled[late[likely]].tolist(), strict=True):
        similarity = _jaccard(sets.of(first), sets.of(second))
        if similarity >= threshold:
            found.append((first, second, similarity))
    return _pairs(found)


def _pairs(found: list[tuple[int, int, float]]) -> Pairs:
    early, late, similarity = zip(*found, strict=True) if found else ((), (), ())
    return Pairs(np.array(early, np.int64), np.array(late, np.int64), np.array(similarity, np.float64))


def _digests(sets: Sets, rows: Ints) -> npt.NDArray[np.uint32]:
    parts = []
    for low in range(0, len(rows), CHUNK):
        chosen = rows[low : low + CHUNK]
        values = np.concatenate([sets.of(row) for row in chosen]).astype(np.uint64)
        offsets = np.concatenate([[0], np.cumsum(np.diff(sets.offsets)[chosen])]).astype(np.uint64)
        matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(values, offsets, PERMUTATIONS, SEED)
        parts.append(np.array(matrix.to_rows(), np.uint32))
    return np.concatenate(parts)


def _band_rows(threshold: float) -> int:
    """The most rows a band may have so that a pair at the threshold is still proposed."""
    sizes = [size for size in (32, 16, 8, 4, 2) if (1 - threshold**size) ** (PERMUTATIONS // size) <= MISSED]
    return next(iter(sizes), 1)


def _candidates(digests: npt.NDArray[np.uint32], groups: Ints, threshold: float) -> Ints:
    """Pairs of a group that agree in a whole band, as early * rows + late, sorted, each once."""
    count, size = len(digests), _band_rows(threshold)
    found = [np.empty(0, np.int64)]
    for low in range(0, PERMUTATIONS, size):
        keys = groups.astype(np.uint64)
        for place in range(low, low + size):
            keys = (keys ^ digests[:, place]) * np.uint64(0x9E3779B97F4A7C15)
            keys ^= keys >> np.uint64(31)
        order = np.argsort(keys, kind="stable")
        found.append(np.unique(_bucket_pairs(keys[order], order, count)))
    return np.unique(np.concatenate(found))


def _bucket_pairs(keys: npt.NDArray[np.uint64], order: Ints, count: int) -> Ints:
    """Each row of a bucket with the rows just before it and with the bucket's first row."""
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    first = np.repeat(starts, np.diff(np.r_[starts, count]))
    place = np.arange(count)
    pairs = [order[first] * count + order]
    for step in range(1, min(NEAR, int((place - first).max(initial=0))) + 1):
        late = np.flatnonzero(place - step >= first)
        pairs.append(order[late - step] * count + order[late])
    codes: Ints = np.concatenate(pairs)
    return codes[codes // count < codes % count]


def _agreement(digests: npt.NDArray[np.uint32], early: Ints, late: Ints) -> npt.NDArray[np.float64]:
    """The share of equal minima, which estimates the Jaccard similarity."""
    shares = np.empty(len(early))
    for low in range(0, len(early), CHUNK):
        part = slice(low, low + CHUNK)
        shares[part] = (digests[early[part]] == digests[late[part]]).mean(axis=1)
    return shares


def _jaccard(one: Hashes, other: Hashes) -> float:
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)


def cosine_twins(vectors: npt.NDArray[np.float32], groups: Ints, threshold: float) -> Twins:
    """Rows of one group are twins when their vectors have at least this cosine; a vector of zeros has none."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = vectors / np.where(lengths > 0, lengths, 1)
    order, count = np.argsort(groups, kind="stable"), len(groups)
    edges = np.r_[np.flatnonzero(np.r_[True, np.diff(groups[order]) != 0]), count] if count else [0]
    links, held, best = [np.empty((2, 0), np.int64)], 0, [_pairs([])]
    for start, stop in pairwise(edges):
        for pairs in _within(units, order[start:stop], threshold):
            links.append(np.stack([pairs.early, pairs.late]))
            held += len(pairs.early)
            if held > LINKS:
                links, held = [_forest(np.concatenate(links, axis=1), count)], 0
            best.append(_best(pairs))
    nearest = _nearest(Pairs(*(np.concatenate(parts) for parts in zip(*best, strict=True))), count)
    early, late = np.concatenate(links, axis=1)
    return Twins(_clusters(early, late, count), *nearest)


def _within(units: npt.NDArray[np.float32], rows: Ints, threshold: float) -> Iterator[Pairs]:
    """Every row of a group with those before it, a block of rows at a time."""
    mine = units[rows]
    step = max(1, BLOCK // len(rows))
    for low in range(0, len(rows), step):
        block = mine[low : low + step] @ mine[: low + step].T
        late, early = np.nonzero(block >= threshold)
        before = early < late + low
        late, early = late[before], early[before]
        yield Pairs(rows[early], rows[late + low], block[late, early].astype(np.float64))


def _clusters(early: Ints, late: Ints, count: int) -> Ints:
    """The first row of each row's cluster; -1 for a row in no pair."""
    from scipy.sparse import coo_matrix  # here, as it takes 0.3 s that no command pays that needs no clusters
    from scipy.sparse.csgraph import connected_components

    links = coo_matrix((np.ones(len(early), bool), (early, late)), (count, count))
    _, labels = connected_components(links, directed=False)
    first = np.full(count, count)
    np.minimum.at(first, labels, np.arange(count))
    size = np.bincount(labels, minlength=count)
    return np.where(size[labels] > 1, first[labels], -1).astype(np.int64)


def _forest(links: Ints, count: int) -> Ints:
    """Links that join the same rows, one a row."""
    first = _clusters(links[0], links[1], count)
    late = np.flatnonzero((first >= 0) & (first != np.arange(count)))
    return np.stack([first[late], late])


def _best(pairs: Pairs) -> Pairs:
    """For each later row its most similar earlier row, of equals the first."""
    order = np.lexsort((pairs.early, -pairs.similarity, pairs.late))
    chosen = order[np.r_[True, np.diff(pairs.late[order]) != 0]] if len(order) else order
    return Pairs(pairs.early[chosen], pairs.late[chosen], pairs.similarity[chosen])


def _nearest(pairs: Pairs, count: int) -> tuple[Ints, npt.NDArray[np.float64]]:
    best = _best(pairs)
    near, similarity = np.full(count, -1, np.int64), np.full(count, np.nan)
    near[best.late], similarity[best.late] = best.early, best.similarity
    return near, similarity
