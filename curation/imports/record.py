"""Record: one row read from a file, or the reason why it could not be read; Chunk: rows that are read together."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple, Protocol

RAW_CHARS = 2000  # ours: enough to recognise a row in the quarantine list
RAW_BYTES = 4 * RAW_CHARS  # a character takes at most four
DEEPEST = 64  # ours: values inside each other; deeper ones are no data, and would break what walks through them
NESTED = (dict, list)
Row = dict[str, Any]


class Record(NamedTuple):
    """A row with its line (the item number in a JSON array); `value` is None exactly when `reason` is given."""

    line: int
    value: Row | None
    reason: str | None
    head: bytes | str

    @property
    def raw(self) -> str:
        """The beginning of the row as it stands in the file; empty where the file holds no text."""
        text = self.head.decode("utf-8", "replace") if isinstance(self.head, bytes) else self.head
        return storable(text[:RAW_CHARS])


class Chunk(Protocol):
    """Rows of a file that are read together and can be handed to another process, where they are made records."""

    @property
    def size(self) -> int:
        """About how many bytes the rows take."""

    @property
    def rows(self) -> int:
        """How many rows there are at most."""

    def records(self) -> Iterator[Record]:
        """The rows, one at a time."""


class Read(NamedTuple):
    """Records that were made where the file was read."""

    found: Sequence[Record]
    size: int

    @property
    def rows(self) -> int:
        """How many records there are."""
        return len(self.found)

    def records(self) -> Iterator[Record]:
        """The records."""
        return iter(self.found)


def good(line: int, value: Row, raw: str | bytes = "") -> Record:
    """A row that was read, where its values are not inside each other without end."""
    if is_deep(value):
        return bad(line, f"values stand inside each other more than {DEEPEST} deep", raw)
    return Record(line, value, None, raw[:RAW_BYTES])


def is_deep(value: Row) -> bool:
    """Whether lists and objects stand inside each other deeper than data does."""
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        members = chain.from_iterable(one.values() if type(one) is dict else one for one in level)
        level = [member for member in members if type(member) in NESTED]
        if not level:
            return False
    return True


def bad(line: int, reason: str, raw: str | bytes) -> Record:
    """A row that was not read, with the beginning of its raw text."""
    return Record(line, None, reason, raw[:RAW_BYTES])


def told(record: Record) -> Read:
    """One record by itself, which says something of the file."""
    return Read([record], 0)


def records(chunks: Iterable[Chunk]) -> Iterator[Record]:
    """The rows of all chunks."""
    for chunk in chunks:
        yield from chunk.records()


def storable(text: str) -> str:
    """The text with lone surrogates, which UTF-8 cannot store, replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")
