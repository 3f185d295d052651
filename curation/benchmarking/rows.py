"""The rows of a benchmark's file: JSON, JSON lines, CSV, TSV, Parquet, and the XML that ASDiv comes in."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from curation.errors import UserError
from curation.imports.readers import read_rows
from curation.imports.record import Record, Row, bad, good
from curation.imports.sources import open_bytes

LARGEST = 1 << 28  # bytes of XML; ours: ASDiv has 1 MB
PROBLEM = "Problem"  # ASDiv's element


class Line(NamedTuple):
    """A row that was read and its place in the file, from 1."""

    row: int
    values: Row


def lines(path: Path) -> list[Line]:
    """Every row of the file; UserError names the first that cannot be read, so that none is left out unseen."""
    records = list(_records(path))
    broken = [record for record in records if record.reason is not None]
    read = [Line(record.line, record.value) for record in records if record.value is not None]
    if not read:
        reason = f": {broken[0].reason}" if broken else ""
        raise UserError(f"The benchmark {path} has no problems{reason}.")
    if broken:
        more = f"; {len(broken) - 1} more rows cannot be read either" if len(broken) > 1 else ""
        raise UserError(
            f"{path}, row {broken[0].line}: {broken[0].reason}. Repair or remove this row, since a benchmark is read "
            f"whole or not at all{more}."
        )
    return _nested(read)


def _nested(read: list[Line]) -> list[Line]:
    """The rows inside the objects of a lone object, as ASDiv's XML becomes in JSON."""
    inner = read[0].values
    while len(read) == 1 and len(inner) == 1:
        (value,) = inner.values()
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
            return [Line(number, row) for number, row in enumerate(value, 1)]
        if not isinstance(value, dict):
            break
        inner = value
    return read


def _records(path: Path) -> Iterator[Record]:
    with open_bytes(path) as stream:
        xml = stream.peek(64)[:64].lstrip()[:1] == b"<"
    return _xml(path) if xml else read_rows(path)


def _xml(path: Path) -> Iterator[Record]:
    """ASDiv's problems: attributes and children of each element become fields."""
    with open_bytes(path) as stream:
        text = stream.read(LARGEST)
    # entities can blow a small file up to gigabytes, and may hide in UTF-16
    if b"<!ENTITY" in text or b"\0" in text or len(text) == LARGEST:
        yield bad(1, f"the XML declares entities, is not UTF-8, or is larger than {LARGEST >> 20} MB", "")
        return
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        yield bad(error.position[0], f"not XML: {error}", "")
        return
    for number, element in enumerate(root.iter(PROBLEM), 1):
        yield good(number, {**element.attrib, **{child.tag: (child.text or "").strip() for child in element}})
