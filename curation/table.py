"""Traces as Arrow: one flat schema for parquet parts, batches between steps, and the store."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
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
DIRECT += ["parent_id", "source", "line", "extra"]
LIGHT = [name for name in SCHEMA.names if name not in TEXTS]  # every column a chart, filter or selector may read
ROW_GROUP = 1000  # rows; bounds the memory of a streaming reader to a few megabytes of text


def to_row(trace: Trace) -> dict[str, object]:
    """One trace as a row of SCHEMA."""
    problem = trace.problem
    return {
        "id": trace.id,
        "problem_id": problem.id,
        "dataset": problem.dataset,
        "split": problem.split,
        "subject": problem.subject,
        "model": trace.model,
        "form": trace.form,
        "sample": trace.sample,
        "closed": trace.closed,
        "given_correct": trace.given_correct,
        "n_chars": len(trace.reasoning) + len(trace.answer),
        "text_key": trace.text_key,
        "parent_id": trace.parent_id,
        "source": trace.source,
        "line": trace.line,
        "reference": problem.reference,
        "media": list(problem.media),
        "question": problem.question,
        "reasoning": trace.reasoning,
        "answer": trace.answer,
        "extra": trace.extra,
        "segments": segment_rows(trace.segments),
    }


def segment_rows(segments: Sequence[Segment]) -> list[dict[str, object]]:
    """Segments as rows of the SEGMENTS type."""
    return [{"start": s.start, "stop": s.stop, "kind": s.kind} for s in segments]


def to_table(traces: Iterable[Trace]) -> pa.Table:
    """Traces as one Arrow table."""
    return pa.Table.from_pylist([to_row(trace) for trace in traces], schema=SCHEMA)


def from_row(row: dict[str, Any]) -> Trace:
    """The trace of a row of SCHEMA (other columns are ignored)."""
    media = tuple(row["media"] or ())
    problem = Problem(row["question"], row["reference"], row["dataset"], row["split"], row["subject"], media)
    segments = tuple(Segment(s["start"], s["stop"], s["kind"]) for s in row.get("segments") or ())
    values = {name: row[name] for name in DIRECT}
    return Trace(problem, segments=segments, **values)


def from_table(table: pa.Table | pa.RecordBatch) -> list[Trace]:
    """The traces of an Arrow table or batch."""
    return [from_row(row) for row in table.to_pylist()]


def write_part(table: pa.Table, path: Path) -> None:
    """Write a parquet file so that its existence means it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    pq.write_table(table, temporary, compression="zstd", row_group_size=ROW_GROUP)
    temporary.rename(path)


def parts(folder: Path) -> list[Path]:
    """The complete parquet parts of a folder, in order."""
    return sorted(folder.glob("part-*.parquet"))


def read_batches(paths: Sequence[Path], columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Batches of at most ROW_GROUP rows, in file order, one at a time in memory."""
    for path in paths:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(ROW_GROUP, columns=columns)
