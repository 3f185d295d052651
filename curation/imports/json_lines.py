"""JSON lines: cut where the file is read, parsed wherever the lines are handed to."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from curation.imports.record import DEEPEST, RAW_BYTES, Chunk, Record, Row, bad, good, told
from curation.imports.sources import BROKEN, CHUNK, Stream, plain_file

GROUP = 50  # lines; ours: a preview reads hardly more than it shows
LONE = re.compile(rb"\\ud[89a-f]", re.IGNORECASE)
TRAILING_COMMA = re.compile(r'("[^"\\\n]*+(?:\\.[^"\\\n]*+)*+")|,(?=\s*[\]}])', re.DOTALL)
LINE_LIMIT = 1 << 26  # bytes; ours: a longer line is no row, and would take gigabytes once it is parsed
BEYOND = 2.0**63  # orjson reads whole numbers beyond 64 bits as floats


class Lines(NamedTuple):
    """Lines of a file from the one numbered `first` on."""

    first: int
    texts: list[bytes]

    @property
    def size(self) -> int:
        """Bytes of the lines."""
        return sum(map(len, self.texts))

    @property
    def rows(self) -> int:
        """How many lines there are."""
        return len(self.texts)

    def records(self) -> Iterator[Record]:
        """A record for every line that is not blank."""
        return (parse(line, text) for line, text in enumerate(self.texts, self.first) if not text.isspace())


class Place(NamedTuple):
    """Where such lines stand in a plain file: another process reads them there sooner than it is handed them."""

    path: Path
    start: int
    size: int
    first: int
    rows: int

    def records(self) -> Iterator[Record]:
        """A record for every line that is not blank; one with the reason where the file no longer holds them."""
        try:
            text = self._read()
        except OSError as error:
            reason = f"lines {self.first} to {self.first + self.rows - 1} cannot be read again: {error}"
            return iter([bad(self.first, reason, "")])
        return Lines(self.first, io.BytesIO(text).readlines()).records()

    def _read(self) -> bytes:
        with self.path.open("rb", buffering=0) as file:
            file.seek(self.start)
            text = file.read(self.size)
        if len(text) < self.size:
            raise OSError("the file was changed meanwhile")
        return text


def read_lines(stream: Stream) -> Iterator[Chunk]:
    """One record a line; lines end at a line feed only, since U+2028 may stand inside a string."""
    lines, size, reason = Lines(1, []), 0, ""
    try:
        for text in _lines(stream):
            lines.texts.append(text)
            size += len(text)
            if lines.rows == GROUP or size >= CHUNK:
                yield _placed(lines, size, stream)
                lines, size = Lines(lines.first + lines.rows, []), 0
    except BROKEN as error:
        reason = f"the file is damaged or cut: {error}"
    if lines.rows:
        yield lines if reason else _placed(lines, size, stream)
    if reason:
        yield told(bad(lines.first + lines.rows, reason, ""))


def _placed(lines: Lines, size: int, stream: Stream) -> Chunk:
    """The lines just read as their place, where they can be read once more."""
    path = plain_file(stream)
    return Place(path, stream.tell() - size, size, lines.first, lines.rows) if path else lines


def _lines(stream: Stream) -> Iterator[bytes]:
    """Lines; of one that is too long its beginning."""
    while text := stream.readline(LINE_LIMIT):
        yield text
        while len(text) == LINE_LIMIT and not text.endswith(b"\n"):
            text = stream.readline(LINE_LIMIT)


def parse(line: int, text: bytes) -> Record:
    """One JSON object as a record; anything else with the reason."""
    if len(text) >= LINE_LIMIT:
        return bad(line, f"the line is longer than {LINE_LIMIT >> 20} MB", text)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _parse_carefully(line, text)
    nested = _nested(value) if isinstance(value, dict) and value else None
    if nested is None:
        return _parse_carefully(line, text)
    return good(line, value, text) if len(nested) > DEEPEST else Record(line, value, None, text[:RAW_BYTES])


def _nested(value: Row) -> list[Any] | None:
    """The row and every list and object in it; None where a number in it may have lost digits."""
    found: list[Any] = [value]
    for one in found:  # it grows meanwhile
        for member in one.values() if type(one) is dict else one:
            kind = type(member)
            if kind is dict or kind is list:
                found.append(member)
            elif kind is float and abs(member) >= BEYOND:
                return None
    return found


def _parse_carefully(line: int, text: bytes) -> Record:
    try:
        value = _loads(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        return bad(line, f"not UTF-8: byte {error.object[error.start]:#04x} at {error.start}", text)
    except (ValueError, RecursionError) as error:
        return bad(line, f"not JSON: {error}", text)
    if not isinstance(value, dict):
        return bad(line, f"a row must be an object, found {type(value).__name__}", text)
    if LONE.search(text) and not _storable(value):
        return bad(line, "holds a lone surrogate, which UTF-8 cannot store", text)
    if not value:
        return bad(line, "the row is empty", text)
    return good(line, value, text)


def _loads(text: str) -> object:
    """The value, also where a hand-edited file has a comma before a closing bracket."""
    try:
        return json.loads(text)
    except ValueError:
        repaired = TRAILING_COMMA.sub(lambda match: match.group(1) or "", text)
        if repaired == text:
            raise
        return json.loads(repaired)


def _storable(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
