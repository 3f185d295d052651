"""What an executor runs: one operator over one batch of traces, results as Arrow."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar, cast

import duckdb
import pyarrow as pa

from curation.asker import Asker
from curation.operator import (
    Annotation,
    Annotator,
    CorpusAnnotator,
    Dropped,
    Failure,
    Kept,
    Mapper,
    ScoreType,
    Value,
    guarded,
    literal,
)
from curation.table import SEGMENTS, as_written, from_table, segment_column, segments_of, to_table
from curation.trace import Trace

ARROW: dict[ScoreType, pa.DataType] = {"number": pa.float64(), "flag": pa.bool_(), "category": pa.string()}
VECTOR = pa.list_(pa.float32())
SURPRISE = pa.list_(pa.struct([("stop", pa.int32()), ("log_prob", pa.float32())]))
VERDICTS = pa.schema(
    [("id", pa.string()), ("verdict", pa.string()), ("became", pa.list_(pa.string())), ("reason", pa.string())]
)


Known = Mapping[str, Mapping[str, Value]]  # scores by trace id
UNKNOWN: Known = {}
Out = TypeVar("Out")


class Mapped(NamedTuple):
    """What became of a batch: a verdict per row, and the traces that go on."""

    verdicts: pa.Table
    traces: pa.Table


def score_schema(step: Annotator) -> pa.Schema:
    """`id`, the step's scores, and why a row failed."""
    scores = [(name, ARROW[kind]) for name, kind in step.adds().items()]
    return pa.schema([("id", pa.string()), *scores, ("failure", pa.string())])


def attached_schema(name: str) -> pa.Schema:
    """`id` and what an annotator attaches to a trace beside its scores: `segments`, `vector` or `surprise`."""
    return pa.schema(
        [("id", pa.string()), (name, {"segments": SEGMENTS, "vector": VECTOR, "surprise": SURPRISE}[name])]
    )


def annotation_schema(step: Annotator) -> pa.Schema:
    """The schema of scores, and `segments`, `vector` or `surprise` where the step adds them."""
    schema = score_schema(step)
    attached = {"segments": step.adds_segments, "vector": step.adds_vectors, "surprise": step.adds_surprise}
    for name, added in attached.items():
        if added:
            schema = schema.insert(len(schema) - 1, attached_schema(name).field(name))
    return schema


def annotate_batch(step: Annotator, traces: list[Trace], asker: Asker | None = None) -> pa.Table:
    """One row per trace, in order; a failed row has NULL scores and its reason."""
    results = step.annotate_with(traces, asker) if asker else step.annotate_batch(traces)
    found = [None if isinstance(result, Failure) else result for result in results]
    columns: dict[str, object] = {name: [one and one.scores.get(name) for one in found] for name in step.adds()}
    columns["id"] = [trace.id for trace in traces]
    columns["failure"] = [result.reason if isinstance(result, Failure) else None for result in results]
    if step.adds_segments:
        columns["segments"] = segment_column([one and one.segments for one in found])
    if step.adds_vectors:
        columns["vector"] = [one and one.vector for one in found]
    if step.adds_surprise:
        columns["surprise"] = [one and _surprise(one) for one in found]
    return pa.table(columns, schema=annotation_schema(step))


def _surprise(annotation: Annotation) -> list[dict[str, object]] | None:
    return None if annotation.surprise is None else [token._asdict() for token in annotation.surprise]


def sketch_batch(step: CorpusAnnotator, traces: list[Trace]) -> pa.Table:
    """`id`, `sketch` and why a row failed, one row per trace, in order."""
    results = [guarded(step.sketch, trace) for trace in traces]
    failures = [result.reason if isinstance(result, Failure) else None for result in results]
    sketches = [None if isinstance(result, Failure) else result for result in results]
    ids = pa.array([trace.id for trace in traces], pa.string())
    columns = [ids, pa.array(sketches, step.sketch_type), pa.array(failures, pa.string())]
    return pa.table(columns, names=["id", "sketch", "failure"])


def map_batch(step: Mapper, traces: list[Trace], asker: Asker | None = None, known: Known = UNKNOWN) -> Mapped:
    """Verdicts for every trace of the batch and the traces that go on, in order."""
    verdicts: list[dict[str, object]] = []
    kept: list[Trace] = []
    results: Sequence[list[Trace] | Failure | Dropped | Kept]
    results = step.map_known(traces, asker, known) if asker else step.map_batch(traces)
    for trace, result in zip(traces, results, strict=True):
        if isinstance(result, Failure):
            verdicts.append({"id": trace.id, "verdict": "failed", "became": [], "reason": result.reason})
            continue
        if isinstance(result, Dropped):
            verdicts.append({"id": trace.id, "verdict": "dropped", "became": [], "reason": result.reason})
            continue
        if isinstance(result, Kept):
            verdicts.append({"id": trace.id, "verdict": "kept", "became": [trace.id], "reason": result.reason})
            kept.append(result.trace)
            continue
        verdict = "dropped" if not result else "kept" if result == [trace] else "changed"
        reason = f"{step.title()} left nothing" if not result else None
        verdicts.append({"id": trace.id, "verdict": verdict, "became": [t.id for t in result], "reason": reason})
        kept += result
    return Mapped(pa.Table.from_pylist(verdicts, schema=VERDICTS), to_table(kept))


def read_parquet(paths: Sequence[Path]) -> str:
    """The SQL table of these Parquet files."""
    return f"read_parquet([{', '.join(literal(str(path)) for path in paths)}])"


class Batch(Protocol):
    """Traces that are worked on together; it can be handed to another process, where they are made."""

    def ids(self) -> list[str]:
        """Their ids, in order."""

    def traces(self) -> list[Trace]:
        """The traces."""

    def table(self) -> pa.Table:
        """The traces as rows of table.SCHEMA."""


class Columns(NamedTuple):
    """Traces as Arrow, which reaches another process as it lies in memory."""

    rows: pa.RecordBatch

    def ids(self) -> list[str]:
        """Their ids, in order."""
        return cast(list[str], self.rows.column("id").to_pylist())

    def traces(self) -> list[Trace]:
        """The traces."""
        return from_table(self.rows)

    def table(self) -> pa.Table:
        """The rows as they lie in memory."""
        return as_written(self.rows)


class Made(NamedTuple):
    """Traces that were made where they were read."""

    found: list[Trace]

    def ids(self) -> list[str]:
        """Their ids, in order."""
        return [trace.id for trace in self.found]

    def traces(self) -> list[Trace]:
        """The traces."""
        return self.found

    def table(self) -> pa.Table:
        """The traces as rows."""
        return to_table(self.found)


class Segmented(NamedTuple):
    """A batch, and the segments of those of its traces that have other segments than it knows."""

    batch: Batch
    known: pa.Table

    def ids(self) -> list[str]:
        """Their ids, in order."""
        return self.batch.ids()

    def traces(self) -> list[Trace]:
        """The traces with these segments."""
        return segmented(self.batch.traces(), self.known)

    def table(self) -> pa.Table:
        """The traces with these segments as rows."""
        return to_table(self.traces())


def segmented(traces: Sequence[Trace], known: pa.Table) -> list[Trace]:
    """The traces, with the segments of those that a table (id, segments) knows."""
    listed = segments_of(known.column("segments").combine_chunks())
    found = dict(zip(known.column("id").to_pylist(), listed, strict=True))
    return [replace(trace, segments=found[trace.id]) if trace.id in found else trace for trace in traces]


def with_segments(
    connection: duckdb.DuckDBPyConnection, batches: Iterable[Batch], table: str = "segments"
) -> Iterator[Batch]:
    """Attach the segments of a table (id, segments) to the traces it knows."""
    query = f"SELECT id, segments FROM {table} WHERE id IN (SELECT unnest($ids))"
    for batch in batches:
        yield Segmented(batch, connection.sql(query, params={"ids": batch.ids()}).to_arrow_table())


def apply_work(work: Callable[[list[Trace]], Out], batch: Batch) -> Out:
    """A function of traces, where they are worked on."""
    return work(batch.traces())
