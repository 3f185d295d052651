"""Looking at files before importing them: format, layout, mapping, rows, and a preview."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from curation.errors import UserError
from curation.imports.detect import detect
from curation.imports.layouts import Context, convert
from curation.imports.mapping import Mapping, check_mapping
from curation.imports.readers import read_rows
from curation.imports.record import Record, Row
from curation.imports.sources import BROKEN, Format, find_format, stem
from curation.places import may_read, readable
from curation.trace import Problem, Trace

SAMPLE_ROWS = 200  # ours: enough rows to see every column of mixed schemas
SAMPLE_CHARS = 1 << 24  # ours: rows may be megabytes


class Source(NamedTuple):
    """A file and its name in traces: the path relative to the folder that was given."""

    path: Path
    name: str


@dataclass(frozen=True)
class FilePlan:
    """What is known of a file before it is imported; `rows` is an estimate unless `exact`."""

    source: Source
    format: Format
    bytes: int
    mapping: Mapping
    columns: tuple[str, ...]
    rows: int
    exact: bool
    problem: str | None = None


@dataclass
class Preview:
    """The first converted and the first quarantined rows of a file."""

    traces: list[Trace] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    quarantined: list[Record] = field(default_factory=list)


def find_sources(paths: Sequence[Path]) -> list[Source]:
    """The files given and those inside the folders given, in order, hidden ones left out."""
    given = [path.name for path in paths]
    sources = []
    for path in map(readable, paths):
        if path.is_dir():
            files = (file for file in sorted(path.rglob("*")) if file.is_file() and may_read(file))
            names = ((file, file.relative_to(path)) for file in files)
            sources += [Source(file, str(name)) for file, name in names if not any(p[0] == "." for p in name.parts)]
        elif path.is_file():
            sources.append(Source(path, path.name if given.count(path.name) == 1 else str(path)))
        else:
            raise UserError(f"Cannot import {path}: no such file or folder. Check the path.")
    return sources


def plan(paths: Sequence[Path], mapping: Mapping | None = None) -> list[FilePlan]:
    """A plan for every file; a mapping that is given is checked against the columns."""
    return [plan_file(source, mapping) for source in find_sources(paths)]


def plan_file(source: Source, mapping: Mapping | None = None) -> FilePlan:
    """The plan of one file, from its first rows."""
    position = [0]
    records = sample(source.path, position)
    rows = [record.value for record in records if record.value is not None]
    if mapping is not None:
        check_mapping(mapping, rows, source.name)
    size, count, exact = source.path.stat().st_size, len(records), position[0] < 0
    if not exact:
        count = _estimate(source.path, count, position[0], size)
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    found = mapping or detect(rows)
    return FilePlan(source, _format(source.path), size, found, columns, count, exact, _problem(records, rows, found))


def sample(path: Path, position: list[int] | None = None) -> list[Record]:
    """The first records; `position` gets how far the file was read, -1 for all of it."""
    position = position or [0]

    def moved(place: int) -> None:
        position[0] = place

    records, chars = [], 0
    stream = read_rows(path, moved)
    for record in islice(stream, SAMPLE_ROWS):
        records.append(record)
        chars += _size(record.value)
        if chars > SAMPLE_CHARS:
            break
    if len(records) < SAMPLE_ROWS and chars <= SAMPLE_CHARS:
        position[0] = -1
    return records


def preview(path: Path, mapping: Mapping | None = None, n: int = 20) -> Preview:
    """The first `n` rows as they would be imported."""
    records = sample(path)
    mapping = mapping or detect([record.value for record in records if record.value is not None])
    seen = Preview()
    for record in records[:n]:
        if record.value is None:
            seen.quarantined.append(record)
            continue
        converted = convert(record.value, mapping, Context(path.name, record.line, stem(path)))
        seen.traces += converted.traces
        seen.problems += [converted.problem] if converted.problem else []
        seen.quarantined += [record._replace(reason=reason) for reason in converted.reasons]
    return seen


def _problem(records: list[Record], rows: list[Row], mapping: Mapping) -> str | None:
    if not rows:
        return records[0].reason if records else "the file is empty"
    if not (mapping.question or mapping.messages or mapping.chosen or mapping.layout in ("winnow", "tree")):
        return "no column looks like a question; name it in the mapping"
    return None


def _estimate(path: Path, count: int, position: int, size: int) -> int:
    if _format(path) == "parquet":
        with pq.ParquetFile(path) as file:
            return int(file.metadata.num_rows)
    return max(count, round(count * size / max(position, 1)))


def _format(path: Path) -> Format:
    try:
        return find_format(path)
    except BROKEN:
        return "other"


def _size(row: Row | None) -> int:
    return sum(len(str(value)) for value in (row or {}).values())
