"""Which rows are trained in which order: a token budget, seeded shuffles, and batches of about equal length.

The order is fixed before training starts, so a resumed run goes on with the very next batch.
"""

import random
from collections.abc import Sequence

POOL = 50  # batches sorted by length together, as transformers' LengthGroupedSampler does


def draw(lengths: Sequence[int], *, epochs: float, budget: int | None, seed: object) -> list[int]:
    """Row numbers in training order: whole shuffles until the budget of tokens, or the epochs, are used up."""
    rng = random.Random(f"rows {seed}")
    limit = budget if budget is not None else epochs * sum(lengths)
    order: list[int] = []
    used = 0.0
    while lengths and used < limit:
        for row in rng.sample(range(len(lengths)), len(lengths)):
            if used >= limit:
                break
            order.append(row)
            used += lengths[row]
    return order


def group(
    order: Sequence[int], lengths: Sequence[int], *, rows: int, tokens: int | None, seed: object, packing: bool = False
) -> list[list[int]]:
    """Batches of at most `rows` rows and `tokens` padded tokens, rows of like length together, in shuffled order.

    Packed rows need no padding, so they stay in the order drawn.
    """
    if packing:
        return _cut(order, lengths, rows, tokens, packing=True)
    rng = random.Random(f"batches {seed}")
    mean = max(1, sum(lengths[row] for row in order) // max(1, len(order)))
    per_batch = rows if tokens is None else max(1, min(rows, tokens // mean))
    batches: list[list[int]] = []
    for start in range(0, len(order), POOL * per_batch):
        pool = sorted(order[start : start + POOL * per_batch], key=lambda row: lengths[row])
        cut = _cut(pool, lengths, rows, tokens)
        rng.shuffle(cut)
        batches += cut
    return batches


def join(kinds: Sequence[list[list[int]]]) -> list[list[int]]:
    """Batches of several kinds of rows put together, each kind's spread evenly from the first to the last."""
    most = max(map(len, kinds), default=0)
    joined: list[list[int]] = [[] for _ in range(most)]
    for batches in kinds:
        for place, batch in enumerate(batches):
            joined[place * most // len(batches)] += batch
    return joined


def _cut(
    pool: Sequence[int], lengths: Sequence[int], rows: int, tokens: int | None, *, packing: bool = False
) -> list[list[int]]:
    batches: list[list[int]] = []
    size = 0
    for row in pool:
        last = batches[-1] if batches else None
        size = (size if packing else (len(last) if last else 0) * lengths[row]) + lengths[row]
        if last is None or len(last) >= rows or (tokens is not None and size > tokens):
            batches.append([row])
            size = lengths[row]
        else:
            last.append(row)
    return batches
