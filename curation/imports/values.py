"""Reading values of a row: dotted paths, texts, flags, options."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from curation.imports.record import Row

Json = Any  # whatever a JSON or Parquet file may hold
TRUE = ("true", "correct", "yes", "right", "1", "1.0")
FALSE = ("false", "wrong", "incorrect", "no", "0", "0.0")
EMPTY: tuple[Json, ...] = (None, "", [], {})
TEXT_KEYS = ("text", "content", "value", "step")


def get(row: Json, path: str | None) -> Json:
    """The value at a dotted path; `a|b` takes the first that is not empty, `a*` all that begin so."""
    if path is None:
        return None
    for choice in choices(path):
        direct = isinstance(row, dict) and (choice in row or ("." not in choice and "*" not in choice))
        value = row.get(choice) if direct else _walk(row, choice)
        if value or value not in EMPTY:
            return value
    return None


def text_at(row: Json, path: str | None) -> str:
    """The value at a path as text."""
    return text(get(row, path)) if path else ""


@lru_cache(1000)
def choices(path: str) -> tuple[str, ...]:
    """The paths of which the first that is not empty counts."""
    return tuple(path.split("|"))


def has(row: Row, path: str) -> bool:
    """Whether the row has a column of that path, even an empty one."""
    return any(choice in row or _heads(row, choice) for choice in choices(path))


def used(row: Row, path: str) -> list[str]:
    """The columns of the row that a path reads."""
    return [name for choice in choices(path) for name in ([choice] if choice in row else _heads(row, choice))]


def _heads(row: Row, path: str) -> list[str]:
    head = path.split(".")[0]
    if head.endswith("*"):
        return [name for name in row if name.startswith(head[:-1])]
    return [head] if head in row else []


def _walk(value: Json, path: str) -> Json:
    if isinstance(value, dict) and path in value:
        return value[path]
    head, _, rest = path.partition(".")
    if isinstance(value, dict) and head.endswith("*"):
        value = [member for name, member in value.items() if name.startswith(head[:-1])]
    elif isinstance(value, dict):
        value = value.get(head)
    elif isinstance(value, list) and head.isdigit():
        value = value[int(head)] if int(head) < len(value) else None
    elif isinstance(value, list):
        return [_walk(item, path) for item in value]
    else:
        return None
    return _walk(value, rest) if rest else value


def text(value: Json) -> str:
    """A value as text: numbers without a needless .0, lists and message parts joined, None empty."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bytes):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return "\n".join(filter(None, map(text, value)))
    if isinstance(value, dict):
        key = next((key for key in TEXT_KEYS if isinstance(value.get(key), str)), None)
        return value[key] if key else "\n".join(filter(None, map(text, value.values())))
    return str(value)


def flag(value: Json) -> bool | None:
    """A correctness flag; scores between wrong and right, and anything else, are unknown."""
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    return True if word in TRUE else False if word in FALSE else None


def at(value: Json, index: int) -> Json:
    """The item of a parallel list, or the one value that holds for all."""
    if isinstance(value, list):
        return value[index] if index < len(value) else None
    return value


def with_options(question: str, options: Json) -> str:
    """The question followed by its options as lettered lines, where it does not hold them already."""
    if isinstance(options, str):
        return question if options.strip() in question else f"{question}\n{options.strip()}"
    lines = _lettered(options)
    if not lines or all(body.strip() in question for _, body in lines):
        return question
    return "\n".join([question, *(body if _starts_with_letter(body) else f"{key}) {body}" for key, body in lines)])


def _lettered(options: Json) -> list[tuple[str, str]]:
    if isinstance(options, dict):
        return [(str(key), text(body)) for key, body in options.items() if body is not None]
    if not isinstance(options, Sequence):
        return []
    letters = [
        str(option.get("letter") or option.get("label") or "") if isinstance(option, dict) else ""
        for option in options
    ]
    return [
        (letter or chr(65 + index), text(body))
        for index, (letter, body) in enumerate(zip(letters, options, strict=True))
    ]


def _starts_with_letter(body: str) -> bool:
    return body.lstrip("( ")[1:2] in (")", ".", ":") and body.lstrip("( ")[:1].isupper()
