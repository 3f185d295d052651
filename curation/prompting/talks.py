"""Talks: what is asked of a model about one row, a question at a time; many talks ask together, round by round."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from curation.asker import Asker
from curation.models import Completion, Request

T = TypeVar("T")
Talk = Generator[Request, Completion, T]


class Unusable(Exception):
    """An answer that ends a talk without a result; the message says why."""


class Exchange(NamedTuple):
    """A request and its answer."""

    request: Request
    completion: Completion


@dataclass(frozen=True, slots=True)
class Held(Generic[T]):
    """What a talk came to, or why it came to nothing, and what was said in it."""

    result: T | Unusable
    exchanges: tuple[Exchange, ...]


class _Open(Generic[T]):
    """A talk under way: the request that waits, or the result."""

    def __init__(self, talk: Talk[T]) -> None:
        self.talk, self.exchanges = talk, list[Exchange]()
        self.waiting: Request | None = None
        self.result: T | Unusable = Unusable("nothing was asked")
        self._go_on(None)

    def answer(self, completion: Completion) -> None:
        assert self.waiting is not None
        self.exchanges.append(Exchange(self.waiting, completion))
        self._go_on(completion)

    def _go_on(self, completion: Completion | None) -> None:
        self.waiting = None
        try:
            self.waiting = next(self.talk) if completion is None else self.talk.send(completion)
        except StopIteration as ended:
            self.result = ended.value
        except Unusable as reason:
            self.result = reason


def hold(talks: Sequence[Talk[T]], rows: Sequence[str], model: str, asker: Asker) -> list[Held[T]]:
    """What each talk came to, in order; `rows` are the ids of the traces they are about."""
    every = [_Open(talk) for talk in talks]
    while waiting := [place for place, one in enumerate(every) if one.waiting is not None]:
        requests = [request for place in waiting if (request := every[place].waiting) is not None]
        answers = asker.complete(model, requests, [rows[place] for place in waiting])
        for place, completion in zip(waiting, answers, strict=True):
            every[place].answer(completion)
    return [Held(one.result, tuple(one.exchanges)) for one in every]
