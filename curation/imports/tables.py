"""CSV, TSV and Parquet files as records."""

import csv
import io
import os
import re
from collections.abc import Iterator
from typing import NamedTuple, cast

import pyarrow as pa
import pyarrow.parquet as pq

from curation.ceiling import GIB, ceiling
from curation.imports.record import Chunk, Read, Record, bad, good, storable, told
from curation.imports.sources import BROKEN, CHUNK, Stream, expansion

CELL_LIMIT = 1 << 26  # characters; Python's own limit of 131,072 is shorter than one long trace
BROKEN_CSV: tuple[type[Exception], ...] = (csv.Error, *BROKEN)
BROKEN_PARQUET: tuple[type[Exception], ...] = (pa.ArrowException, MemoryError, UnicodeDecodeError, *BROKEN)
ROWS = 200  # rows read at once; ours: bounds memory where a dictionary makes them look smaller than they are
ROOM = 2 * GIB  # ours: memory for one batch of a Parquet file
MOST_ROWS, MOST_COLUMNS = 10_000_000, 10_000  # ours: rows that a smaller file may hold, and columns of any
HEADER_CHARS = 60  # ours: a longer first cell is data, not a column name
NUMBER = re.compile(r"[-+]?[\d.,]+")


def read_csv(stream: Stream) -> Iterator[Chunk]:
    """One record a row; a file without header gets the column names 1, 2, 3."""
    csv.field_size_limit(CELL_LIMIT)
    text = io.TextIOWrapper(stream, "utf-8", "surrogateescape", newline="")
    sample = text.readline(CELL_LIMIT)
    rows = csv.reader(
        _after(sample, text), delimiter="\t" if "\t" in sample else max(",;|", key=sample.count), strict=True
    )
    line, header = 0, None
    while True:
        line = rows.line_num + 1
        try:
            cells = next(rows, None)
        except BROKEN_CSV as error:
            yield told(bad(line, f"the rest of the file cannot be read as CSV: {error}", ""))
            return
        if cells is None:
            return
        if header is None:
            header, is_data = _header(cells)
            if not is_data:
                continue
        if cells:
            yield Read([_row(line, header, cells)], sum(map(len, cells)))


def _after(first: str, rest: io.TextIOWrapper) -> Iterator[str]:
    yield first
    while part := rest.readline(CELL_LIMIT):  # a line without end comes in parts, each a row of its own
        yield part


def _header(cells: list[str]) -> tuple[list[str], bool]:
    """The column names, and whether the first row is data already."""
    names = [storable(cell.strip()) for cell in cells]
    is_data = any(NUMBER.fullmatch(name) or len(name) > HEADER_CHARS for name in names)
    if is_data:
        return [str(number) for number in range(1, len(names) + 1)], True
    return [name or f"column {number}" for number, name in enumerate(names, 1)], False


def _row(line: int, header: list[str], cells: list[str]) -> Record:
    raw = ",".join(cells)
    if any("\udc80" <= character <= "\udcff" for cell in cells if not cell.isascii() for character in cell):
        return bad(line, "not UTF-8", raw)
    if len(cells) != len(header):
        return bad(line, f"the row has {len(cells)} cells, the header {len(header)}", raw)
    return good(line, dict(zip(header, cells, strict=True)), raw)


class Cells(NamedTuple):
    """Rows of a Parquet file from the one numbered `first` on."""

    first: int
    batch: pa.RecordBatch

    @property
    def size(self) -> int:
        """Bytes of the rows."""
        return int(self.batch.nbytes)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.batch.num_rows)

    def records(self) -> Iterator[Record]:
        """The rows, in row order."""
        for line, value in enumerate(_values(self.batch), self.first):
            yield good(line, value) if isinstance(value, dict) else bad(line, value, "")


def read_parquet(stream: Stream) -> Iterator[Chunk]:
    """One record a row, in row order."""
    line = unpacked = 0
    try:
        size = stream.seek(0, os.SEEK_END)
        with pq.ParquetFile(stream) as file:
            if reason := _absurd(file.metadata, size):
                yield told(bad(1, reason, ""))
                return
            for batch in _batches(file):
                unpacked += batch.nbytes
                expansion(size, unpacked)
                yield Cells(line + 1, batch)
                line += batch.num_rows
    except BROKEN_PARQUET as error:
        yield told(bad(line + 1, f"the rest of the Parquet file cannot be read: {error}", ""))


def _absurd(metadata: pq.FileMetaData, size: int) -> str | None:
    """Why a file cannot be what it says; its rows are then not read."""
    if metadata.num_columns > MOST_COLUMNS:
        return f"the file has {metadata.num_columns:,} columns; at most {MOST_COLUMNS:,} are read"
    if metadata.num_rows > max(MOST_ROWS, size):
        return f"the file of {size:,} bytes says it holds {metadata.num_rows:,} rows, more than there can be"
    return None


def _batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """Rows in batches, each read below a ceiling: one page can unpack to any size."""
    batches = file.iter_batches(_rows_at_once(file.metadata))
    while True:
        with ceiling(ROOM):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


def _rows_at_once(metadata: pq.FileMetaData) -> int:
    """As many rows as are expected to take CHUNK bytes."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    widest = max((group.total_byte_size / max(group.num_rows, 1) for group in groups), default=0)
    return max(1, min(ROWS, int(CHUNK / max(widest, 1))))


def _values(batch: pa.RecordBatch) -> list[dict[str, object] | str]:
    try:
        return list(batch.to_pylist())
    except UnicodeDecodeError:
        return [_value(batch.slice(index, 1)) for index in range(batch.num_rows)]


def _value(row: pa.RecordBatch) -> dict[str, object] | str:
    try:
        return cast(dict[str, object], row.to_pylist()[0])
    except UnicodeDecodeError as error:
        return f"not UTF-8: {error}"
