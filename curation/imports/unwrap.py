"""Finding the rows inside one JSON object: `{"results": [...]}`, `{"set": {"test": [...]}}`, `{"id 1": {...}}`."""

from typing import Any

from curation.imports.record import Row

SPLITS = ("train", "test", "validation", "valid", "val", "dev")
ROW_NAMES = ("question", "problem", "prompt", "instruction", "messages", "conversations", "input", "query", "text")
CONTEXT_CHARS = 2000  # ours: longer texts beside the rows are not repeated in every row


def unwrap(value: Row) -> list[Row]:
    """The rows of a lone object; the object itself where it is a row."""
    if any(name.lower() in ROW_NAMES for name in value):
        return [value]
    lists = [name for name, member in value.items() if _rows(member)]
    if all(name in SPLITS for name in value) and lists:
        return [{"split": name, **row} for name in lists for row in value[name]]
    if len(lists) == 1:
        context = {name: member for name, member in value.items() if _is_context(member)}
        return [{**context, **row} for row in value[lists[0]]]
    if value and all(isinstance(member, dict) for member in value.values()):
        return _keyed(value)
    if lists and len(lists) == len(value):
        return [{"key": name, **row} for name in lists for row in value[name]]
    return [value]


def _keyed(value: dict[str, Row]) -> list[Row]:
    """Rows keyed by their own data, or by dataset and then split."""
    if all(member and all(name in SPLITS for name in member) for member in value.values()):
        return [{"dataset": name, **row} for name, member in value.items() for row in unwrap(member)]
    if len(value) == 1 and not all(_rows(inner) for member in value.values() for inner in member.values()):
        return [value]
    return [row if name in row.values() else {"key": name, **row} for name, row in value.items()]


def _rows(member: Any) -> bool:  # noqa: ANN401  (any JSON value)
    return isinstance(member, list) and bool(member) and all(isinstance(row, dict) for row in member)


def _is_context(member: Any) -> bool:  # noqa: ANN401  (any JSON value)
    return isinstance(member, str | int | float) and len(str(member)) <= CONTEXT_CHARS
