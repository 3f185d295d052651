"""The columns of a file's first rows: found by name, by the tags and the length of their values."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from curation.imports.names import QUESTION
from curation.imports.record import Row
from curation.imports.values import text
from curation.texts.think import CLOSE, OPEN

PROMPTS = (*QUESTION.split(), "systemprompt", "tools")
LONG = 200  # characters; ours: answers longer than this, or of several lines, are solutions and not reference answers


class Columns:
    """The columns of the first rows and their values."""

    def __init__(self, rows: Sequence[Row]) -> None:
        """Collect every column that holds something."""
        self.values: dict[str, list[Any]] = {}
        self.names = dict.fromkeys(name for row in rows for name in row)
        for row in rows:
            for name, value in row.items():
                if value not in (None, "", [], {}):
                    self.values.setdefault(name, []).append(value)

    def find(self, names: str, taken: Iterable[str | None] = ()) -> str | None:
        """The first column, best name first, that is not taken."""
        known = {plain_name(name): name for name in reversed(self.values) if name not in taken}
        return next((known[name] for name in names.split() if name in known), None)

    def find_texts(self, names: str, taken: Iterable[str | None] = ()) -> str | None:
        """Like `find`, among the columns of texts and lists of texts."""
        return self.find(names, [*taken, *(name for name in self.values if not self.plain(name, ()))])

    def empty(self, names: str) -> str | None:
        """A column of that name that is empty in every row."""
        return next(
            (name for name in self.names if name not in self.values and plain_name(name) in names.split()), None
        )

    def texts(self, name: str) -> list[str]:
        """The values of a column as texts, items of lists apart."""
        return [
            text(item)
            for value in self.values.get(name, ())
            for item in (value if isinstance(value, list) else [value])
        ]

    def tagged(self) -> str | None:
        """The column with the most think tags, the shorter one on a tie."""
        counts = {
            name: sum(_has_tags(value) for value in self.texts(name))
            for name in self.values
            if self.plain(name, PROMPTS)
        }
        best = max(counts.values(), default=0)
        tied = [name for name, count in counts.items() if count == best > 0]
        return min(tied, key=lambda name: sum(map(len, self.texts(name)))) if tied else None

    def plain(self, name: str, excluded: Iterable[str]) -> bool:
        """Whether the values are texts or lists of texts, under none of the excluded names."""
        first = self.values[name][0]
        first = first[0] if isinstance(first, list) else first
        return isinstance(first, str) and plain_name(name) not in excluded

    def is_long(self, name: str) -> bool:
        """Whether most values are solutions rather than short answers."""
        values = self.texts(name)
        return sum(len(value) > LONG or "\n" in value.strip() or "####" in value for value in values) * 2 > len(values)


def _has_tags(value: str) -> bool:
    return OPEN.search(value) is not None or CLOSE.search(value) is not None


def plain_name(name: str) -> str:
    """The name in lower case, without punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
