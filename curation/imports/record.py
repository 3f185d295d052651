"""Record: one row read from a file, or the reason why it could not be read."""

from typing import Any, NamedTuple

RAW_CHARS = 2000  # ours: enough to recognise a row in the quarantine list
DEEPEST = 64  # ours: values inside each other; deeper ones are no data, and would break what walks through them
Row = dict[str, Any]


class Record(NamedTuple):
    """A row with its line (the item number in a JSON array); `value` is None exactly when `reason` is given."""

    line: int
    value: Row | None
    reason: str | None
    raw: str


def good(line: int, value: Row, raw: str = "") -> Record:
    """A row that was read, where its values are not inside each other without end."""
    if is_deep(value):
        return bad(line, f"values stand inside each other more than {DEEPEST} deep", raw)
    return Record(line, value, None, raw[:RAW_CHARS])


def is_deep(value: object) -> bool:
    """Whether lists and objects stand inside each other deeper than data does."""
    level = [value]
    for _ in range(DEEPEST):
        members = (each for one in level for each in (one.values() if isinstance(one, dict) else one))  # type: ignore[attr-defined]
        level = [each for each in members if isinstance(each, dict | list)]
        if not level:
            return False
    return True


def bad(line: int, reason: str, raw: str | bytes) -> Record:
    """A row that was not read, with the beginning of its raw text."""
    text = raw[: 4 * RAW_CHARS].decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return Record(line, None, reason, storable(text[:RAW_CHARS]))


def storable(text: str) -> str:
    """The text with lone surrogates, which UTF-8 cannot store, replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")
