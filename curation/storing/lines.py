"""Files of events, one JSON object a line, that are only ever added to: a line is on the disk before it counts."""

import json
import os
from collections.abc import Callable, Mapping
from io import FileIO
from pathlib import Path
from typing import Any, TypeVar

from curation.disk import refusal
from curation.errors import UserError

T = TypeVar("T")


def append(path: Path, values: Mapping[str, Any], what: str) -> None:
    """Add a line and wait until the disk has it, or leave the file as it was; `what` names it where it cannot be."""
    text = json.dumps(values, ensure_ascii=False) + "\n"
    try:
        _mend_end(path)
        with open(path, "ab", buffering=0) as file:
            before = file.tell()
            try:
                _write_all(file, text.encode("utf-8", "replace"))
            except OSError:
                file.truncate(before)
                raise
    except OSError as error:
        raise UserError(
            refusal(error, path.parent) or f"{what} cannot be written to {path}: {error.strerror}."
        ) from None


def read(path: Path, make: Callable[[dict[str, Any]], T]) -> list[T]:
    """What `make` makes of each line; a last line torn by a stop is passed over, any other it refuses is named."""
    if not path.exists():
        return []
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").removesuffix("\n").split("\n")
    except OSError as error:
        raise UserError(f"The journal {path} cannot be read: {error.strerror}. Repair or move it.") from None
    found: list[T] = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(make(json.loads(line)))
        except (ValueError, TypeError):
            if number < len(lines):
                raise UserError(f"{path}, line {number} is no event: {line[:80]!r}. Repair or remove it.") from None
    return found


def _write_all(file: FileIO, data: bytes) -> None:
    """A full disk takes a part of a line and refuses the rest."""
    while data:
        data = data[file.write(data) :]
    os.fsync(file.fileno())


def _mend_end(path: Path) -> None:
    """Make the last line whole: give it its end, or cut off what a stop tore."""
    if not path.exists() or _ends_whole(path):
        return
    data = path.read_bytes()
    start = data.rfind(b"\n") + 1
    try:
        json.loads(data[start:])
    except ValueError:
        os.truncate(path, start)
    else:
        with open(path, "ab") as file:
            file.write(b"\n")


def _ends_whole(path: Path) -> bool:
    with open(path, "rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
