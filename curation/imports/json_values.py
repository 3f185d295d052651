"""JSON files: the elements of an array, values one after another, or one object that wraps the rows.

The file is cut into elements without parsing it whole, so a broken element costs itself and not the file, and memory
holds one element. Only a single top-level object (`{"results": [...]}`) is held whole.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from curation.imports.json_lines import parse
from curation.imports.record import Chunk, Read, Record, bad, good, told
from curation.imports.sources import BROKEN, CHUNK, Stream
from curation.imports.unwrap import unwrap

# A string ends on its line, so a lost quote does not swallow the file; a quote alone is a string not read to its end.
TOKEN = re.compile(rb'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|["\[\]{},]', re.DOTALL)
QUOTE, OPENING, CLOSING = ord('"'), b"[{", b"]}"
INDENTED = re.compile(rb"\n([ \t]*)\{")
PIECE_LIMIT = 1 << 28  # bytes; ours: an element that has not ended by then is given up


class Piece(NamedTuple):
    """The text of one array element or top-level value, and whether it ended before the file did."""

    text: bytes
    top: bool
    ended: bool


def read_json(stream: Stream) -> Iterator[Chunk]:
    """The rows of a JSON file, numbered from 1."""
    line, first = 0, None
    failures: list[str] = []
    for piece in split(stream, failures):
        if piece.top and line == 0 and first is None:
            first = piece  # a lone object may wrap the rows; a second value shows that it is a row itself
            continue
        for found in [first, piece] if first else [piece]:
            chunk = Read(list(_records(line + 1, found)), len(found.text))
            line += chunk.rows
            yield chunk
        first = None
    rows = list(_lone_object(first)) if first else []
    for record in rows:
        line = record.line
        yield Read([record], len(first.text) // len(rows) if first else 0)
    for reason in failures:
        yield told(bad(line + 1, reason, ""))


def split(stream: Stream, failures: list[str]) -> Iterator[Piece]:
    """Elements of top-level arrays, and whole top-level objects; why the file could not be read to its end."""
    splitter = Splitter()
    try:
        while chunk := stream.read1(max(CHUNK, splitter.held)):
            yield from splitter.feed(chunk)
            if splitter.held > PIECE_LIMIT:
                failures.append(f"a value of more than {PIECE_LIMIT >> 20} MB; save the rows as JSON lines")
                return
    except BROKEN as error:
        failures.append(f"the file is damaged or cut: {error}")
    yield from splitter.feed(b"", last=True)
    rest = splitter.buffer[splitter.start :].strip(b" \t\r\n,")
    if rest or splitter.depth:
        yield Piece(rest, not splitter.array, splitter.depth == 0)


class Splitter:
    """Follows brackets and strings through chunks of JSON text."""

    def __init__(self) -> None:
        """Start before the first value."""
        self.buffer, self.start, self.position, self.depth, self.array = b"", 0, 0, 0, False

    @property
    def held(self) -> int:
        """Bytes of the value that has not ended yet."""
        return len(self.buffer) - self.start

    def feed(self, chunk: bytes, last: bool = False) -> Iterator[Piece]:
        """The values that end in this chunk."""
        self.buffer, position, self.start = self.buffer[self.start :] + chunk, self.position - self.start, 0
        buffer, self.position = self.buffer, len(self.buffer)
        for match in TOKEN.finditer(buffer, position):
            begin, end = match.span()
            token = buffer[begin]
            if token == QUOTE:
                if end == begin + 1 and not last and buffer.find(b"\n", end) < 0:
                    self.position = begin
                    return
            elif self.depth > 1 and token in OPENING:
                self.depth += 1
            elif self.depth > 1 and token in CLOSING:
                self.depth -= 1
            elif self.depth <= 1 and (text := self._token(buffer[begin:end], begin, end)):
                yield Piece(text, not self.array, True)

    def _token(self, token: bytes, begin: int, end: int) -> bytes:
        """Move over one bracket or comma; the text of the value that it ends."""
        text, before = b"", self.depth
        self.depth = before + 1 if token in b"[{" else max(before - 1, 0) if token in b"]}" else before
        if before == 0 and self.depth == 1:
            text = self.buffer[self.start : begin].strip(b" \t\r\n,")
            self.array = token == b"["
            self.start = end if self.array else begin
        elif (before == 1 and self.depth == 0) or (token == b"," and before == 1 and self.array):
            text = self.buffer[self.start : begin if self.array else end].strip()
            self.start = end
        return text


def _records(line: int, piece: Piece) -> Iterator[Record]:
    record = parse(line, piece.text)
    if record.value is None and not piece.ended:
        record = bad(line, f"the file ends inside this value, or is broken here: {record.reason}", piece.text)
    later = _resync(piece) if record.value is None else []
    if not later:
        yield record
        return
    yield bad(line, str(record.reason), piece.text[: len(piece.text) - sum(map(len, later))])
    for number, text in enumerate(later, line + 1):
        yield parse(number, text.strip(b" \t\r\n,]"))


def _resync(piece: Piece) -> list[bytes]:
    """The elements after a broken one that swallowed them: cut where lines open an object at the least indentation."""
    indent = min((match.group(1) for match in INDENTED.finditer(piece.text)), key=len, default=None)
    if indent is None or (piece.top and indent):
        return []
    later = piece.text.split(b"\n" + indent + b"{")[1:]
    later = [b"{" + element for element in later]
    return later if any(parse(0, element.strip(b" \t\r\n,]")).value for element in later) else []


def _lone_object(piece: Piece) -> Iterator[Record]:
    record = parse(1, piece.text)
    if record.value is None:
        yield from _records(1, piece)
        return
    for line, row in enumerate(unwrap(record.value), 1):
        yield good(line, row) if row else bad(line, "the row is empty", "{}")
