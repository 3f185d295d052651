"""Opening a file: compression and format are recognised by content, the suffix only breaks ties."""

import hashlib
import io
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, TypeAlias, cast

import orjson
import zstandard

Format = Literal["jsonl", "json", "csv", "parquet", "empty", "utf-16", "other"]
Stream: TypeAlias = "io.BufferedReader[io.RawIOBase]"
Moved = Callable[[int], None]
JSON_START = re.compile(rb"\s*(?:\[\s*)*\{\s*[\"}]")
HEAD = 1 << 16
CHUNK = 1 << 20
EXPANSION = 300  # ours: times its size that a compressed file may unpack to; the shipped traces do to 5 times theirs
SPARED = 1 << 27  # ours: bytes that any file may unpack to, however small it is
STEP = 1 << 12  # bytes of zstd unpacked at once, to 128 MiB at most: four can make 128 KiB; gzip a thousandfold
BROKEN: tuple[type[Exception], ...] = (EOFError, OSError, zlib.error, zstandard.ZstdError)  # a damaged file
JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
TABLE_SUFFIXES = (".csv", ".tsv")
SUFFIXES = (*JSON_SUFFIXES, *TABLE_SUFFIXES, ".parquet")


def ignore(_position: int) -> None:
    """Nobody wants to know how far the reader is."""


class Digest:
    """The SHA-256 of a file, taken while it is read, so that it need not be read twice."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._found, self._stop = hashlib.sha256(), 0

    def follow(self, start: int, data: memoryview) -> None:
        """Take in what was read at a place, unless bytes before it were left out."""
        if start == self._stop:
            self._found.update(data)
            self._stop += len(data)

    def of(self, path: Path) -> str:
        """The digest, of bytes too that were not read in their order."""
        with path.open("rb", buffering=0) as file:
            file.seek(self._stop)
            while data := file.read(CHUNK):
                self.follow(self._stop, memoryview(data))
        return self._found.hexdigest()


class Watched(io.FileIO):
    """A file that tells how many of its bytes were read."""

    def __init__(self, path: Path, moved: Moved, digest: Digest | None) -> None:
        """Open the file for reading; `moved` is called with the position after every read."""
        super().__init__(path)
        self.path, self.moved, self.digest = path, moved, digest

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  (any writable buffer)
        """Read, and tell the position."""
        count = super().readinto(buffer) or 0
        place = self.tell()
        if self.digest:
            self.digest.follow(place - count, memoryview(buffer)[:count])
        self.moved(place)
        return count


class Decoder(Protocol):
    """What zlib and zstandard have in common."""

    @property
    def eof(self) -> bool:
        """Whether the frame ended."""

    @property
    def unused_data(self) -> bytes:
        """What follows the frame."""

    def decompress(self, data: bytes, /) -> bytes:
        """Decompress what can be."""


class TooLarge(OSError):
    """A file holds far more than its size lets expect."""


def expansion(packed: int, unpacked: int) -> None:
    """Raise TooLarge where bytes unpack to more than any text does."""
    if unpacked > max(SPARED, EXPANSION * packed):
        raise TooLarge(f"it unpacks to more than {EXPANSION} times its size, as no text does; unpack it yourself")


class Frames(io.RawIOBase):
    """Decompressed bytes of gzip members or zstd frames; a cut file gives what it has before it raises."""

    def __init__(self, file: BinaryIO, decoder: Callable[[], Decoder], step: int = HEAD) -> None:
        """Wrap a compressed file; each frame gets a decoder of its own, and so many bytes at a time."""
        self.file, self.decoder, self.frame, self.step = file, decoder, decoder(), step
        self.ready, self.place, self.begun = b"", 0, False
        self.packed = self.unpacked = 0

    def readable(self) -> bool:
        """This stream can be read."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  (any writable buffer)
        """Fill the buffer with decompressed bytes."""
        while self.place == len(self.ready) and self._more():
            pass
        part = self.ready[self.place : self.place + len(buffer)]
        buffer[: len(part)] = part
        self.place += len(part)
        return len(part)

    def _more(self) -> bool:
        data = self.frame.unused_data.lstrip(b"\0") if self.frame.eof else b""  # gzip files may be padded with zeros
        if not data:
            data = self.file.read(self.step)
            self.packed += len(data)
        if not data:
            if self.begun and not self.frame.eof:
                raise EOFError("it ends before its end mark")
            return False
        if self.frame.eof:
            self.frame = self.decoder()
        self.ready, self.place, self.begun = self.frame.decompress(data), 0, True
        self.unpacked += len(self.ready)
        expansion(self.packed, self.unpacked)
        return True


def _gzip() -> Decoder:
    return zlib.decompressobj(31)  # 31: a gzip header and the largest window


def _zstd() -> Decoder:
    return zstandard.ZstdDecompressor().decompressobj()


def open_bytes(path: Path, moved: Moved = ignore, digest: Digest | None = None) -> Stream:
    """The decompressed bytes of a plain, gzip or zstd file, without a byte order mark."""
    raw = io.BufferedReader(cast(io.RawIOBase, Watched(path, moved, digest)), HEAD)
    magic = raw.peek(4)[:4]
    stream = raw
    decoder, step = (_gzip, HEAD) if magic[:2] == b"\x1f\x8b" else (_zstd, STEP)
    if decoder is _gzip or magic == b"\x28\xb5\x2f\xfd":
        stream = io.BufferedReader(cast(io.RawIOBase, Frames(cast(BinaryIO, raw), decoder, step)), CHUNK)
    if stream.peek(3)[:3] == b"\xef\xbb\xbf":
        stream.read(3)
    return stream


def plain_file(stream: Stream) -> Path | None:
    """The file whose bytes these are as they are; None where they were compressed."""
    return stream.raw.path if isinstance(stream.raw, Watched) else None


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


def _head(stream: Stream) -> bytes:
    """The first bytes, or as many as a damaged file has."""
    head = b""
    try:
        while len(head) < HEAD and (more := stream.read1(HEAD)):
            head += more
    except BROKEN:
        if not head:
            raise
    return head


def _json_or_lines(head: bytes, path: Path) -> Format:
    lines = [line.strip(b"\r") for line in head.lstrip().split(b"\n")]
    if len(lines) > 1 and (_is_object(lines[0]) or any(_is_object(line) for line in lines if line[:1] == b"{")):
        return "jsonl" if len(lines) > 2 or lines[1] else "json"
    pretty = lines[0][:1] == b"[" or lines[0] == b"{"
    return "jsonl" if suffix(path) in (".jsonl", ".ndjson") and not pretty else "json"


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False
