"""Answers kept until what they were read from changes: every redraw of every browser asks the store the same again."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import pyarrow as pa

from curation.operator import LABELS
from curation.query.filters import Filter

MOST = 64 * 2**20  # bytes of tables kept; ours
SMALL = 1000  # bytes counted for an answer that is no table; ours
P = ParamSpec("P")
Answer = TypeVar("Answer")


class Answers:
    """Answers by what was asked of which data, the least recently used forgotten."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._lock, self._kept, self._size = threading.Lock(), OrderedDict[Any, Any](), 0

    def get(self, asked: object, look: Callable[[], Answer]) -> Answer:
        """The kept answer, or a new one; two who ask at once may both look."""
        with self._lock:
            if asked in self._kept:
                self._kept.move_to_end(asked)
                answer: Answer = self._kept[asked]
                return answer
        answer = look()
        with self._lock:
            if asked not in self._kept:
                self._kept[asked] = answer
                self._size += _size(answer)
            while self._size > MOST and len(self._kept) > 1:
                self._size -= _size(self._kept.popitem(last=False)[1])
        return answer


def _size(answer: object) -> int:
    return max(SMALL, answer.nbytes) if isinstance(answer, pa.Table) else SMALL


class Asked(Protocol):
    """What answers are kept of: its data change with `version`, the labels among them also with `labelled`."""

    version: int
    labelled: int

    @property
    def answers(self) -> Answers:
        """What was answered."""


A = TypeVar("A", bound=Asked)


def remembered(
    look: Callable[Concatenate[A, P], Answer],
) -> Callable[Concatenate[A, P], Answer]:
    """Keep what a query answers; a label somebody sets counts only where the question is about labels."""

    @wraps(look)
    def answered(self: A, /, *given: P.args, **named: P.kwargs) -> Answer:
        values = [*given, *named.values()]
        at = (self.version, self.labelled if _about_labels(values) else -1)
        asked = (look.__name__, repr(given), repr(sorted(named.items())), at)
        return self.answers.get(asked, lambda: look(self, *given, **named))

    return answered


def _about_labels(values: Iterable[object]) -> bool:
    return any(
        value.reads_labels() if isinstance(value, Filter) else isinstance(value, str) and value in LABELS
        for value in values
    )
