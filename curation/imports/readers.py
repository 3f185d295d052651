"""`read_rows`: the records of any supported file, one at a time."""

from collections.abc import Callable, Iterator
from pathlib import Path

from curation.imports.json_values import read_json, read_lines
from curation.imports.record import RAW_CHARS, Record, bad
from curation.imports.sources import BROKEN, Format, Moved, Stream, find_format, ignore, open_bytes
from curation.imports.tables import read_csv, read_parquet

__all__ = ["Record", "read_rows"]

READERS: dict[Format, Callable[[Stream], Iterator[Record]]] = {
    "jsonl": read_lines,
    "json": read_json,
    "csv": read_csv,
    "parquet": read_parquet,
}
REASONS: dict[Format, str] = {
    "empty": "the file is empty",
    "utf-16": "the file is UTF-16; save it as UTF-8",
    "other": "not a JSON, JSONL, CSV or Parquet file",
}


def read_rows(path: Path, moved: Moved = ignore) -> Iterator[Record]:
    """Every row of the file, readable or not; `moved` is told the position in the file's bytes."""
    line = 0
    try:
        found = find_format(path)
        with open_bytes(path, moved) as stream:
            if found not in READERS:
                yield bad(1, REASONS[found], stream.read(4 * RAW_CHARS))
                return
            for record in READERS[found](stream):
                line = record.line
                yield record
    except BROKEN as error:
        yield bad(line + 1, f"the file cannot be read: {error}", "")
        return
    if line == 0:
        yield bad(1, "the file holds no rows", "")
