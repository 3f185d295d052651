"""Where an application of a recipe takes its traces from: parquet parts here, the store in store.py."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from curation.operator import Annotator
from curation.table import LIGHT, SCHEMA, from_table, read_batches
from curation.trace import Trace


class Source(Protocol):
    """Traces in a fixed order, their light columns apart from their text."""

    def rows(self) -> pa.Table:
        """The LIGHT columns of every trace, in order."""

    def traces(self, ids: set[str]) -> Iterator[list[Trace]]:
        """The traces of these ids in order, in batches."""

    def known(self, step: Annotator) -> pa.Table | None:
        """Stored results of an annotator (`id`, its scores, `segments` where it adds them), or None."""


class Parts:
    """Parquet parts of table.SCHEMA."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Files in row order."""
        self.paths = list(paths)

    def rows(self) -> pa.Table:
        """The LIGHT columns of every trace, in order."""
        schema = pa.schema([SCHEMA.field(name) for name in LIGHT])
        batches = [batch.select(LIGHT) for batch in read_batches(self.paths, LIGHT)]
        return pa.Table.from_batches(batches, schema)

    def traces(self, ids: set[str]) -> Iterator[list[Trace]]:
        """The traces of these ids in order, in batches."""
        left = set(ids)
        for batch in read_batches(self.paths):
            wanted = [value in left and not left.discard(value) for value in batch.column("id").to_pylist()]
            chosen = from_table(batch.filter(pa.array(wanted, pa.bool_())))
            if chosen:
                yield chosen

    def known(self, step: Annotator) -> pa.Table | None:
        """Parts carry no annotations."""
        return None
