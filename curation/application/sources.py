"""Where an application of a recipe takes its traces from: parquet parts here, the store in store.py."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.application.batches import ARROW, Batch, Columns, Made, attached_schema, score_schema
from curation.operator import LABELS, Annotator
from curation.query.browse import Browse
from curation.query.filters import Filter
from curation.table import LIGHT, SCHEMA, read_batches


class Source(Protocol):
    """Traces in a fixed order, their light columns apart from their text."""

    def rows(self) -> pa.Table:
        """The LIGHT columns and the labels of every trace, in order."""

    def batches(self, ids: set[str]) -> Iterator[Batch]:
        """The traces of these ids in order."""

    def known(self, step: Annotator) -> pa.Table:
        """Stored results of an annotator: `id`, its scores and `failure`, without segments or vectors."""

    def attached(self, step: Annotator, name: str, ids: set[str]) -> pa.Table:
        """`id` and the stored `segments` or `vector` of these traces, as far as known."""


class Parts:
    """Parquet parts of table.SCHEMA."""

    def __init__(self, paths: Sequence[Path], annotations: Path | None = None) -> None:
        """Files in row order, and a folder of stored results named KEY.parquet and of labels.parquet."""
        self.paths, self.annotations = list(paths), annotations

    def rows(self) -> pa.Table:
        """The LIGHT columns and the labels of every trace, in order."""
        schema = pa.schema([SCHEMA.field(name) for name in LIGHT])
        tables = [pa.Table.from_batches([batch]).cast(schema) for batch in read_batches(self.paths, LIGHT)]
        return self._labelled(pa.concat_tables([schema.empty_table(), *tables]))

    def _labelled(self, table: pa.Table) -> pa.Table:
        path = self.annotations / "labels.parquet" if self.annotations else None
        known = {row["id"]: row for row in pq.read_table(path).to_pylist()} if path and path.exists() else {}
        given = [known.get(value, {"noted": False}) for value in table.column("id").to_pylist()]
        for name, kind in LABELS.items():
            table = table.append_column(name, pa.array([row.get(name) for row in given], ARROW[kind]))
        return table

    def batches(self, ids: set[str]) -> Iterator[Batch]:
        """The traces of these ids in order."""
        left = set(ids)
        for batch in read_batches(self.paths, SCHEMA.names):
            chosen = []
            for position, value in enumerate(batch.column("id").to_pylist()):
                if value in left:
                    left.remove(value)
                    chosen.append(position)
            if chosen:
                yield Columns(batch.take(pa.array(chosen)))

    def known(self, step: Annotator) -> pa.Table:
        """Results written beside the parts."""
        path, schema = self._path(step), score_schema(step)
        return pq.read_table(path, columns=schema.names) if path else schema.empty_table()

    def attached(self, step: Annotator, name: str, ids: set[str]) -> pa.Table:
        """Segments or vectors written beside the parts."""
        path, schema = self._path(step), attached_schema(name)
        if not path:
            return schema.empty_table()
        wanted = pc.field("id").isin(pa.array(ids, pa.string())) & pc.field(name).is_valid()
        return pq.read_table(path, columns=["id", name], filters=wanted)

    def _path(self, step: Annotator) -> Path | None:
        path = self.annotations / f"{step.key()}.parquet" if self.annotations else None
        return path if path and path.exists() else None


class Stored:
    """The traces of a store that a filter shows."""

    def __init__(self, store: Browse, chosen: Filter) -> None:
        """Nothing is read yet."""
        self.store, self.chosen = store, chosen

    def rows(self) -> pa.Table:
        """The LIGHT columns and the labels of every trace, in order."""
        return self.store.light(self.chosen)

    def batches(self, ids: set[str]) -> Iterator[Batch]:
        """The traces of these ids in order; without segments, which a recipe adds by itself."""
        for batch in self.store.traces([value for value in self.store.ids(self.chosen) if value in ids]):
            yield Made([replace(trace, segments=()) for trace in batch])

    def known(self, step: Annotator) -> pa.Table:
        """Stored results of an annotator."""
        return self.store.known(step)

    def attached(self, step: Annotator, name: str, ids: set[str]) -> pa.Table:
        """Stored segments or vectors of these traces."""
        return self.store.attached(step, name, ids)
