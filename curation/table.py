"""Traces as Arrow: one flat schema for parquet parts, batches between steps, and the store."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from operator import attrgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.trace import Problem, Segment, Trace

SEGMENTS = pa.list_(pa.struct([("start", pa.int32()), ("stop", pa.int32()), ("kind", pa.string())]))
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("problem_id", pa.string()),
        ("dataset", pa.string()),
        ("split", pa.string()),
        ("subject", pa.string()),
        ("model", pa.string()),
        ("form", pa.string()),
        ("sample", pa.int32()),
        ("closed", pa.bool_()),
        ("given_correct", pa.bool_()),
        ("n_chars", pa.int64()),
        ("text_key", pa.string()),
        ("parent_id", pa.string()),
        ("source", pa.string()),
        ("line", pa.int64()),
        ("reference", pa.string()),
        ("media", pa.list_(pa.string())),
        ("question", pa.large_string()),
        ("reasoning", pa.large_string()),
        ("answer", pa.large_string()),
        ("extra", pa.large_string()),
        ("segments", SEGMENTS),
    ]
)
PROBLEMS = pa.schema(
    [
        ("id", pa.string()),
        ("question", pa.large_string()),
        ("reference", pa.string()),
        ("dataset", pa.string()),
        ("split", pa.string()),
        ("subject", pa.string()),
        ("media", pa.list_(pa.string())),
        ("source", pa.string()),
        ("line", pa.int64()),
    ]
)
QUARANTINE = pa.schema(
    [("file", pa.string()), ("line", pa.int64()), ("reason", pa.string()), ("raw", pa.large_string())]
)
TEXTS = ("question", "reasoning", "answer", "extra", "segments", "media", "reference", "source", "line")
DIRECT = ["id", "reasoning", "answer", "model", "form", "sample", "closed", "given_correct"]  # fields of Trace
DIRECT += ["parent_id", "source", "line", "extra"]  # id first, then as Trace takes them
ABOUT_PROBLEM = ["question", "reference", "dataset", "split", "subject"]  # as Problem takes them
LIGHT = [name for name in SCHEMA.names if name not in TEXTS]  # every column a chart, filter or selector may read
VALUES: dict[str, Callable[[Trace], object]] = {
    **{name: attrgetter(name) for name in (*DIRECT, "question", "text_key")},
    **{name: attrgetter(f"problem.{name}") for name in ("dataset", "split", "subject", "reference", "media")},
    "problem_id": attrgetter("problem.id"),
    "n_chars": lambda trace: len(trace.reasoning) + len(trace.answer),
}
ROW_GROUP = 1000  # rows; bounds the memory of a streaming reader to a few megabytes of text


def segment_column(listed: Sequence[Sequence[Segment] | None]) -> pa.Array:
    """Segments of traces as a column of the SEGMENTS type; unknown ones are NULL."""
    ends = accumulate((len(segments or ()) for segments in listed), initial=0)
    offsets = [None if segments is None else end for end, segments in zip(ends, [*listed, ()], strict=True)]
    found = [segment for segments in listed for segment in segments or ()]
    values = [pa.array(map(attrgetter(field.name), found), field.type) for field in SEGMENTS.value_type]
    struct = pa.StructArray.from_arrays(values, fields=list(SEGMENTS.value_type))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), struct, type=SEGMENTS)


def segments_of(column: pa.Array) -> list[tuple[Segment, ...]]:
    """The segments of each row of such a column; none where they are unknown."""
    flat = column.flatten()
    found = list(map(Segment, *(flat.field(number).to_pylist() for number in range(3))))
    ends = accumulate((length or 0 for length in pc.list_value_length(column).to_pylist()), initial=0)
    return [tuple(found[start:stop]) for start, stop in pairwise(ends)]


def to_table(traces: Iterable[Trace]) -> pa.Table:
    """Traces as one Arrow table."""
    rows = list(traces)
    # texts first: Arrow leaves their UTF-8 in the strings, where hashing finds it
    columns = {name: _column(name, rows) for name in sorted(SCHEMA.names, key=lambda name: name not in TEXTS)}
    return pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _column(name: str, traces: Sequence[Trace]) -> pa.Array:
    if name == "segments":
        return segment_column([trace.segments for trace in traces])
    return pa.array(list(map(VALUES[name], traces)), SCHEMA.field(name).type)


def from_row(row: dict[str, Any]) -> Trace:
    """The trace of a row of SCHEMA (other columns are ignored)."""
    media = tuple(row["media"] or ())
    problem = Problem(row["question"], row["reference"], row["dataset"], row["split"], row["subject"], media)
    segments = tuple(Segment(s["start"], s["stop"], s["kind"]) for s in row.get("segments") or ())
    values = {name: row[name] for name in DIRECT}
    return Trace(problem, segments=segments, **values)


def from_table(table: pa.Table | pa.RecordBatch) -> list[Trace]:
    """The traces of an Arrow table or batch."""
    values = {name: table.column(name).to_pylist() for name in (*ABOUT_PROBLEM, *DIRECT, "media")}
    media = (tuple(paths or ()) for paths in values["media"])
    problems = map(Problem, *(values[name] for name in ABOUT_PROBLEM), media)
    column = table.column("segments")
    segments = segments_of(column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column)
    return list(map(Trace, problems, *(values[name] for name in DIRECT[1:]), segments, values["id"]))


def as_written(rows: pa.RecordBatch) -> pa.Table:
    """Rows of SCHEMA, whoever wrote them, as `to_table` makes them of their traces: a list is never unknown."""
    columns = {name: rows.column(name).cast(SCHEMA.field(name).type) for name in SCHEMA.names}
    if columns["segments"].null_count:
        columns["segments"] = segment_column(segments_of(columns["segments"]))
    if columns["media"].null_count:
        columns["media"] = pa.array(
            [paths or [] for paths in columns["media"].to_pylist()], SCHEMA.field("media").type
        )
    return pa.table(columns, schema=SCHEMA)


def write_part(table: pa.Table, path: Path, dictionaries: bool | list[str] = True) -> None:
    """Write a parquet file so that its existence means it is complete; the columns named get dictionaries."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    pq.write_table(table, temporary, compression="zstd", row_group_size=ROW_GROUP, use_dictionary=dictionaries)
    temporary.rename(path)


def parts(folder: Path) -> list[Path]:
    """The complete parquet parts of a folder, in order."""
    return sorted(folder.glob("part-*.parquet"))


def read_batches(paths: Sequence[Path], columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Batches of at most ROW_GROUP rows, in file order, one at a time in memory."""
    for path in paths:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(ROW_GROUP, columns=columns)
