"""Importing files into a folder of Parquet parts: traces, problems, quarantined rows and a report."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.imports.layouts import Context, Converted, convert
from curation.imports.mapping import Mapping
from curation.imports.plan import FilePlan, plan
from curation.imports.readers import read_rows
from curation.imports.record import Record, storable
from curation.imports.sources import stem
from curation.table import PROBLEMS, QUARANTINE, to_row, write_part
from curation.table import SCHEMA as TRACES
from curation.trace import Problem

PART_ROWS = 2000
PART_CHARS = 32_000_000  # ours: bounds memory where traces are megabytes
Progress = Callable[[int, int, str], None]


@dataclass
class FileReport:
    """What became of one file."""

    path: str
    size: int
    sha256: str
    layout: str
    mapping: str
    rows: int = 0
    traces: int = 0
    problems: int = 0
    quarantined_rows: int = 0
    warnings: list[str] = field(default_factory=list)


@dataclass
class ImportReport:
    """What became of all files; written beside the parts as report.json."""

    files: list[FileReport] = field(default_factory=list)

    @property
    def traces(self) -> int:
        """Traces imported."""
        return sum(file.traces for file in self.files)

    @property
    def problems(self) -> int:
        """Problems without solution imported."""
        return sum(file.problems for file in self.files)

    @property
    def quarantined_rows(self) -> int:
        """Rows of which at least a part could not be used."""
        return sum(file.quarantined_rows for file in self.files)


def silent(_done: int, _total: int, _file: str) -> None:
    """Tell nobody about progress."""


class Parts:
    """Rows collected into numbered Parquet files of bounded size."""

    def __init__(self, folder: Path, prefix: str, schema: pa.Schema) -> None:
        """Write files called `prefix-NNNNN.parquet` into the folder."""
        self.folder, self.prefix, self.schema, self.chars, self.count = folder, prefix, schema, 0, 0
        self.rows: list[dict[str, Any]] = []

    def add(self, row: dict[str, Any]) -> None:
        """Add a row, writing a file when it is full."""
        self.rows.append(row)
        self.chars += sum(len(value) for value in row.values() if isinstance(value, str))
        if len(self.rows) >= PART_ROWS or self.chars >= PART_CHARS:
            self.flush()

    def flush(self) -> None:
        """Write what is left."""
        if self.rows:
            table = pa.Table.from_pylist(self.rows, schema=self.schema)
            write_part(table, self.folder / f"{self.prefix}-{self.count:05}.parquet")
            self.rows, self.chars, self.count = [], 0, self.count + 1


def import_files(
    paths: Sequence[Path],
    out: Path,
    mapping: Mapping | None = None,
    dataset: str | None = None,
    progress: Progress = silent,
) -> ImportReport:
    """Import files into `out`, cleared first; every row ends as a trace, a problem or a quarantined row."""
    plans = plan(paths, mapping)
    out.mkdir(parents=True, exist_ok=True)
    for pattern in ("part-*", "problems-*", "quarantine*", "report.json"):
        for file in out.glob(pattern):
            file.unlink()
    writer = _Writer(out)
    total, done = sum(plan.bytes for plan in plans), 0
    report = ImportReport()
    for one in plans:
        start = done
        progress(start, total, one.source.name)
        moved = lambda place, start=start, name=one.source.name: progress(start + place, total, name)  # noqa: E731
        report.files.append(_import_file(one, writer, dataset or stem(one.source.path), moved))
        done += one.bytes
    progress(done, total, "")
    writer.close()
    (out / "report.json").write_text(json.dumps(asdict(report), indent=1, ensure_ascii=False))
    return report


class _Writer:
    def __init__(self, out: Path) -> None:
        self.traces, self.problems = Parts(out, "part", TRACES), Parts(out, "problems", PROBLEMS)
        self.quarantine = Parts(out, "quarantine", QUARANTINE)

    def close(self) -> None:
        for parts in (self.traces, self.problems, self.quarantine):
            parts.flush()


def _import_file(plan: FilePlan, writer: _Writer, dataset: str, moved: Callable[[int], None]) -> FileReport:
    source = plan.source
    report = FileReport(source.name, plan.bytes, _sha256(source.path), plan.mapping.layout, plan.mapping.text())
    for record in read_rows(source.path, moved):
        converted = _convert(record, plan.mapping, Context(source.name, record.line, dataset))
        _write(converted, record, source.name, writer)
        report.rows += 1
        report.traces += len(converted.traces)
        report.problems += converted.problem is not None
        report.quarantined_rows += bool(converted.reasons)
    if plan.problem:
        report.warnings.append(plan.problem)
    if report.rows and report.quarantined_rows == report.rows:
        report.warnings.append("every row was quarantined")
    return report


def _convert(record: Record, mapping: Mapping, context: Context) -> Converted:
    if record.value is None:
        return Converted(reasons=[record.reason or "unreadable"])
    return convert(record.value, mapping, context)


def _write(converted: Converted, record: Record, source: str, writer: _Writer) -> None:
    for trace in converted.traces:
        writer.traces.add(to_row(trace))
    if converted.problem:
        writer.problems.add(_problem_row(converted.problem, source, record.line))
    for reason in converted.reasons:
        raw = record.raw or json.dumps(record.value, ensure_ascii=False, default=str)
        writer.quarantine.add({"file": source, "line": record.line, "reason": reason, "raw": storable(raw[:2000])})


def _problem_row(problem: Problem, source: str, line: int) -> dict[str, Any]:
    values = {**asdict(problem), "id": problem.id, "media": list(problem.media)}
    return {**values, "source": source, "line": line}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
