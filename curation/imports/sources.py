"""Opening a file: compression and format are recognised by content, the suffix only breaks ties."""

import gzip
import io
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

import orjson
import zstandard

Format = Literal["jsonl", "json", "csv", "parquet", "empty", "utf-16", "other"]
Moved = Callable[[int], None]
JSON_START = re.compile(rb"\s*(?:\[\s*)*\{\s*[\"}]")
HEAD = 1 << 16
CHUNK = 1 << 20
BROKEN: tuple[type[Exception], ...] = (EOFError, OSError, zlib.error, zstandard.ZstdError)  # a damaged file
JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
TABLE_SUFFIXES = (".csv", ".tsv")
SUFFIXES = (*JSON_SUFFIXES, *TABLE_SUFFIXES, ".parquet")


def ignore(_position: int) -> None:
    """Nobody wants to know how far the reader is."""


class Watched(io.FileIO):
    """A file that tells how many of its bytes were read."""

    def __init__(self, path: Path, moved: Moved) -> None:
        """Open the file for reading; `moved` is called with the position after every read."""
        super().__init__(path)
        self.moved = moved

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  (any writable buffer)
        """Read, and tell the position."""
        count = super().readinto(buffer) or 0
        self.moved(self.tell())
        return count


class Zstd(io.RawIOBase):
    """Decompressed bytes of one or more zstd frames; unlike zstandard's reader it notices a cut file."""

    def __init__(self, file: BinaryIO) -> None:
        """Wrap a file of zstd frames."""
        self.file, self.frame, self.ready, self.begun = file, zstandard.ZstdDecompressor().decompressobj(), b"", False

    def readable(self) -> bool:
        """This stream can be read."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  (any writable buffer)
        """Fill the buffer with decompressed bytes."""
        while not self.ready and self._more():
            pass
        count = min(len(buffer), len(self.ready))
        buffer[:count], self.ready = self.ready[:count], self.ready[count:]
        return count

    def _more(self) -> bool:
        data = self.frame.unused_data if self.frame.eof else b""
        data = data or self.file.read(HEAD)
        if not data:
            if self.begun and not self.frame.eof:
                raise EOFError("Compressed file ended before the end-of-frame marker was reached")
            return False
        if self.frame.eof:
            self.frame = zstandard.ZstdDecompressor().decompressobj()
        self.ready, self.begun = self.frame.decompress(data), True
        return True


def open_bytes(path: Path, moved: Moved = ignore) -> "io.BufferedReader[io.RawIOBase]":
    """The decompressed bytes of a plain, gzip or zstd file, without a byte order mark."""
    raw = io.BufferedReader(cast(io.RawIOBase, Watched(path, moved)), HEAD)
    magic = raw.peek(4)[:4]
    stream = raw
    if magic[:2] == b"\x1f\x8b":
        stream = io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=raw)), CHUNK)
    elif magic == b"\x28\xb5\x2f\xfd":
        stream = io.BufferedReader(cast(io.RawIOBase, Zstd(cast(BinaryIO, raw))), CHUNK)
    if stream.peek(3)[:3] == b"\xef\xbb\xbf":
        stream.read(3)
    return stream


def suffix(path: Path) -> str:
    """The suffix that tells the format, without .gz or .zst."""
    name = path.name.lower()
    for ending in (".gz", ".zst", ".zstd"):
        name = name.removesuffix(ending)
    return Path(name).suffix


def stem(path: Path) -> str:
    """The file's name without the suffixes that tell format and compression."""
    name = path.name
    for ending in (".gz", ".zst", ".zstd", *SUFFIXES):
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
    return name


def find_format(path: Path) -> Format:
    """The format of a file by its first bytes."""
    with open_bytes(path) as stream:
        head = _head(stream)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if not head.strip():
        return "empty"
    if suffix(path) in TABLE_SUFFIXES and head.lstrip()[:1] not in b"{":
        return "csv"
    if b"\0" in head[:4096] or (suffix(path) not in JSON_SUFFIXES and not JSON_START.match(head)):
        return "other"
    return _json_or_lines(head, path)


def _head(stream: "io.BufferedReader[io.RawIOBase]") -> bytes:
    try:
        return stream.read(HEAD)
    except BROKEN:
        return stream.peek()[:HEAD]


def _json_or_lines(head: bytes, path: Path) -> Format:
    lines = [line.strip(b"\r") for line in head.lstrip().split(b"\n")]
    if len(lines) > 1 and (_is_object(lines[0]) or any(_is_object(line) for line in lines if line[:1] == b"{")):
        return "jsonl" if len(lines) > 2 or lines[1] else "json"
    return "jsonl" if suffix(path) in (".jsonl", ".ndjson") and lines[0][:1] != b"[" else "json"


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False
