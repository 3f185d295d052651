"""Arrays: columns of an application's tables in the order of their rows, and what was made of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from curation.operator import column

Made = TypeVar("Made")
Tally = tuple[tuple[Any, ...], np.ndarray]  # values, each once, and how many rows have each
MOST = 32  # ours: at a million rows one takes up to 9 MB


@dataclass(frozen=True, eq=False)
class Coded:
    """A column: its values, each once, and for each row the place of its value; None is unknown."""

    values: tuple[Any, ...]
    places: np.ndarray

    @cached_property
    def whole(self) -> Tally:
        """How many rows have each value."""
        return self.values, np.bincount(self.places, minlength=len(self.values))

    def of(self, rows: np.ndarray) -> Tally:
        """How many of the rows at these places have each value."""
        return self.values, np.bincount(self.places.take(rows), minlength=len(self.values))


class Arrays:
    """The arrays used last, each until a table it was made of changes."""

    def __init__(self, ask: Callable[[str], pa.Table]) -> None:
        """`ask` gives the rows of a query."""
        self._ask = ask
        self._made: dict[str, tuple[frozenset[str], Any]] = {}

    def made(self, key: str, tables: Iterable[str], make: Callable[[], Made]) -> Made:
        """What is made of these tables under a key, made once."""
        found = self._made.pop(key, None) or (frozenset(tables), make())
        self._made[key] = found
        for old in list(self._made)[:-MOST]:
            self._made.pop(old, None)
        return found[1]

    def numbers(self, table: str, name: str) -> np.ndarray:
        """A column of numbers, NaN where unknown."""
        return self.made(f"{table}.{name}", [table], lambda: self._column(table, name, "DOUBLE").to_numpy(False))

    def coded(self, table: str, name: str, kind: str) -> Coded:
        """A column by its values, as numbers or as text."""
        return self.made(f"{kind} of {table}.{name}", [table], lambda: _coded(self._column(table, name, kind)))

    def _column(self, table: str, name: str, kind: str) -> pa.Array:
        found = self._ask(f"SELECT CAST({column(name)} AS {kind}) AS value FROM {table}")
        return pa.concat_arrays([pa.array([], found.schema.types[0]), *found.column("value").chunks])

    def forget(self, table: str) -> None:
        """Drop what was made of a table."""
        for key in [key for key, (tables, _) in self._made.items() if table in tables]:
            self._made.pop(key, None)


def _coded(values: pa.Array) -> Coded:
    found = values.dictionary_encode(null_encoding="encode")
    return Coded(tuple(found.dictionary.to_pylist()), found.indices.to_numpy().astype(np.intp))
