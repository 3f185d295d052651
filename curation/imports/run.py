"""Importing files into a folder of Parquet parts: traces, problems, quarantined rows and a report."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from curation.application.executors import Executor, Local
from curation.imports.mapping import Mapping
from curation.imports.parts import Batch, Counts, Origin, write_batch
from curation.imports.plan import FilePlan, plan
from curation.imports.readers import read_chunks
from curation.imports.record import Chunk
from curation.imports.sources import Digest, stem
from curation.runs import replace_text

PART_ROWS = 2000
PART_BYTES = 32_000_000  # ours: bounds memory where rows are megabytes
SMALL_IMPORT = 8  # batches of 0.1 s; ours: fewer are parts sooner than worker processes start, and with less work
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

    def add(self, seen: Counts) -> None:
        """Count rows of the file."""
        self.rows += seen.rows
        self.traces += seen.traces
        self.problems += seen.problems
        self.quarantined_rows += seen.quarantined_rows

    def warn(self, problem: str | None) -> None:
        """Say what is odd about the file as a whole."""
        if problem:
            self.warnings.append(problem)
        if self.rows and self.quarantined_rows == self.rows:
            self.warnings.append("every row was quarantined")


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


def import_files(
    paths: Sequence[Path],
    out: Path,
    mapping: Mapping | None = None,
    dataset: str | None = None,
    progress: Progress = silent,
    executor: Executor | None = None,
) -> ImportReport:
    """Import files into `out`, cleared first; every row ends as a trace, a problem or a quarantined row."""
    plans = plan(paths, mapping)
    out.mkdir(parents=True, exist_ok=True)
    for pattern in ("part-*", "problems-*", "quarantine*", "report.json"):
        for left in out.glob(pattern):
            left.unlink()
    reports: list[FileReport] = []
    batches = _batches(_chunks(plans, reports, dataset, progress))
    for counts in (executor or Local()).map(partial(write_batch, out), batches):
        for file, seen in counts.items():
            reports[file].add(seen)
    for report, one in zip(reports, plans, strict=True):
        report.warn(one.problem)
    replace_text(out / "report.json", json.dumps(asdict(ImportReport(reports)), indent=1, ensure_ascii=False))
    return ImportReport(reports)


def _chunks(
    plans: Sequence[FilePlan], reports: list[FileReport], dataset: str | None, progress: Progress
) -> Iterator[tuple[Origin, Chunk]]:
    """The rows of all files, in order, telling how far they are read; a report is begun for each file."""
    total, done = sum(plan.bytes for plan in plans), 0
    for file, one in enumerate(plans):
        start, name = done, one.source.name
        progress(start, total, name)
        reports.append(FileReport(name, one.bytes, "", one.mapping.layout, one.mapping.text()))
        moved = lambda place, start=start, name=name: progress(start + place, total, name)  # noqa: E731
        origin = Origin(file, name, dataset or stem(one.source.path), one.mapping)
        digest = Digest()
        yield from ((origin, chunk) for chunk in read_chunks(one.source.path, moved, digest))
        reports[file].sha256 = digest.of(one.source.path)
        done += one.bytes
    progress(done, total, "")


def _batches(chunks: Iterable[tuple[Origin, Chunk]]) -> Iterator[Batch]:
    """The rows as they fill parts."""
    batch, rows, size = Batch(0, []), 0, 0
    for origin, chunk in chunks:
        if batch.chunks and (rows + chunk.rows > PART_ROWS or size + chunk.size > PART_BYTES):
            yield batch
            batch, rows, size = Batch(batch.number + 1, []), 0, 0
        batch.chunks.append((origin, chunk))
        rows, size = rows + chunk.rows, size + chunk.size
    if batch.chunks:
        yield batch
