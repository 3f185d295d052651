"""Rows become Parquet parts: what every process of an import does with the rows it is handed."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from curation.imports.layouts import Context, Converted, convert
from curation.imports.mapping import Mapping
from curation.imports.record import RAW_CHARS, Chunk, Record, storable
from curation.lean import without_cycles
from curation.table import PROBLEMS, QUARANTINE, to_table, write_part
from curation.trace import Problem, Trace


class Origin(NamedTuple):
    """The file that rows come from: its place in the import, its name, and how its rows are read."""

    file: int
    name: str
    dataset: str
    mapping: Mapping


class Batch(NamedTuple):
    """Rows that fill one part: chunks of one file, or of several short ones."""

    number: int
    chunks: list[tuple[Origin, Chunk]]


class Counts(NamedTuple):
    """What became of rows."""

    rows: int = 0
    traces: int = 0
    problems: int = 0
    quarantined_rows: int = 0

    def plus(self, rows: Sequence[Converted]) -> "Counts":
        """With these rows more."""
        return Counts(
            self.rows + len(rows),
            self.traces + sum(len(row.traces) for row in rows),
            self.problems + sum(row.problem is not None for row in rows),
            self.quarantined_rows + sum(bool(row.reasons) for row in rows),
        )


@without_cycles()
def write_batch(out: Path, batch: Batch) -> dict[int, Counts]:
    """Write the traces, the problems and the quarantined rows of a batch; what became of the rows of each file."""
    traces: list[Trace] = []
    problems: list[dict[str, Any]] = []
    quarantined: list[dict[str, Any]] = []
    counts: dict[int, Counts] = {}
    for origin, chunk in batch.chunks:
        found = [(record, _convert(record, origin)) for record in chunk.records()]
        for record, became in found:
            traces += became.traces
            if became.problem:
                problems.append(_problem_row(became.problem, origin.name, record.line))
            quarantined += [_bad_row(record, reason, origin.name) for reason in became.reasons]
        counts[origin.file] = counts.get(origin.file, Counts()).plus([became for _, became in found])
    _write(out, f"quarantine-{batch.number:05}", pa.Table.from_pylist(quarantined, schema=QUARANTINE))
    _write(out, f"problems-{batch.number:05}", pa.Table.from_pylist(problems, schema=PROBLEMS))
    _write(out, f"part-{batch.number:05}", to_table(traces))
    return counts


def _write(out: Path, name: str, table: pa.Table) -> None:
    if table.num_rows:
        repeated = [field.name for field in table.schema if field.type == pa.string()]
        write_part(table, out / f"{name}.parquet", repeated)


def _convert(record: Record, origin: Origin) -> Converted:
    if record.value is None:
        return Converted(reasons=[record.reason or "unreadable"])
    return convert(record.value, origin.mapping, Context(origin.name, record.line, origin.dataset))


def _bad_row(record: Record, reason: str, source: str) -> dict[str, Any]:
    raw = record.raw or json.dumps(record.value, ensure_ascii=False, default=str)
    return {"file": source, "line": record.line, "reason": reason, "raw": storable(raw[:RAW_CHARS])}


def _problem_row(problem: Problem, source: str, line: int) -> dict[str, Any]:
    values = {**asdict(problem), "id": problem.id, "media": list(problem.media)}
    return {**values, "source": source, "line": line}
