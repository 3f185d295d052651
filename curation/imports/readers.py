"""`read_rows` and `read_chunks`: the records of any supported file."""

from collections.abc import Callable, Iterator
from pathlib import Path

from curation.imports.json_lines import read_lines
from curation.imports.json_values import read_json
from curation.imports.record import RAW_BYTES, Chunk, Record, bad, records, told
from curation.imports.sources import BROKEN, Digest, Format, Moved, Stream, find_format, ignore, open_bytes
from curation.imports.tables import read_csv, read_parquet

READERS: dict[Format, Callable[[Stream], Iterator[Chunk]]] = {
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
    return records(read_chunks(path, moved))


def read_chunks(path: Path, moved: Moved = ignore, digest: Digest | None = None) -> Iterator[Chunk]:
    """The rows of the file in chunks, which parse them where they are asked to; `digest` follows what is read."""
    line = 0
    try:
        found = find_format(path)
        with open_bytes(path, moved, digest) as stream:
            if found not in READERS:
                yield told(bad(1, REASONS[found], stream.read(RAW_BYTES)))
                return
            for chunk in READERS[found](stream):
                line += chunk.rows
                yield chunk
    except BROKEN as error:
        yield told(bad(line + 1, f"the file cannot be read: {error}", ""))
        return
    if line == 0:
        yield told(bad(1, "the file holds no rows", ""))
