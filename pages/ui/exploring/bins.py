"""Histograms people can read: a few very long traces do not squash all others into one bar."""

from typing import NamedTuple

import pyarrow as pa

from curation.query.filters import Filter
from curation.store import Store

BODY = 0.99  # share of rows a histogram has to show
ROUNDS = 4


class Bins(NamedTuple):
    """Rows per bin, and how many rows lie above the last bin."""

    table: pa.Table
    above: int


def body(store: Store, name: str, chosen: Filter) -> Bins:
    """The histogram of a number, its long tail left out and counted."""
    table = store.histogram(name, chosen)
    total = sum(table["rows"].to_pylist())
    low, _ = chosen.ranges.get(name, (None, None))
    for _ in range(ROUNDS):
        edge = tail(table, total)
        if edge is None:
            break
        table = store.histogram(name, chosen.with_range(name, low, edge))
    return Bins(table, total - sum(table["rows"].to_pylist()))


def trimmed(store: Store, name: str, chosen: Filter) -> Filter:
    """The filter without the long tail of a number."""
    table, above = body(store, name, chosen)
    low, _ = chosen.ranges.get(name, (None, None))
    return chosen.with_range(name, low, table["high"][-1].as_py()) if above else chosen


def tail(table: pa.Table, total: int) -> float | None:
    """Where the body ends when it fills less than half of the range, else None."""
    seen = 0
    for low, high, rows in zip(*(table[name].to_pylist() for name in ("low", "high", "rows")), strict=True):
        seen += rows
        if seen >= BODY * total:
            first, last = table["low"][0].as_py(), table["high"][-1].as_py()
            return high if high - first < (last - first) / 2 and high > low else None
    return None
