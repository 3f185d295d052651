"""Asker: what a step that needs a model is handed; it asks models by name, keeps answers, and counts their cost.

A failed answer is a completion with a `failure`, so one bad row never stops the others; what no row can escape, such
as a wrong key or a server that is down, is a UserError and ends the run, which can be resumed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from curation.backends.kept import TEXTS, Book, Kept
from curation.backends.meter import UNPRICED, Call, Meter, Price
from curation.models import Completion, Request, Streaming, TokenScore


@dataclass(frozen=True, slots=True)
class Opened:
    """A model, what tells its answers from another model's, and what it costs.

    `apart`: another process asks it and keeps the answers; told to stop, it ends its stream by itself.
    """

    model: Streaming
    identity: str
    price: Price = UNPRICED
    apart: bool = False


class Receipt(NamedTuple):
    """What an answer is kept under, and what it cost whoever paid for it; None where no price is known."""

    key: str
    cost: float | None


def silent() -> None:
    """The callback of nobody."""


class Asker:
    """The models of one application of a recipe, each opened when it is first asked."""

    def __init__(
        self,
        opened: Callable[[str], Opened],
        book: Book,
        meter: Meter,
        by: str = "",
        heard: Callable[[], None] = silent,
        counted: Callable[[], None] = silent,
    ) -> None:
        """`by` is the run that pays; after every answer, `counted` is called and `heard`, which may raise to stop."""
        self.opened, self.book, self.meter, self.by = opened, book, meter, by
        self.heard, self.counted = heard, counted
        self.step = ""  # the step that asks, for the meter
        self._known: dict[str, Opened] = {}

    def complete(self, model: str, requests: Sequence[Request], rows: Sequence[str]) -> list[Completion]:
        """Answer every request, in order; `rows` are the ids of the traces they are asked for."""
        found = self._open(model)
        kept = self._kept(found)
        answers: dict[int, Completion] = {}
        for place, completion in kept.stream(requests):
            answers[place] = completion
            call = Call(rows[place], self.step, model, kept.key(requests[place]))
            self.meter.record(call, completion, kept.paid_by.get(place, self.by) != self.by, found.price)
            self.counted()
            if not found.apart:
                self.heard()
        self.heard()  # a model that was told to stop leaves answers out, and this raises
        return [answers[place] for place in range(len(requests))]

    def score(self, model: str, requests: Sequence[Request], texts: Sequence[str]) -> list[list[TokenScore]]:
        """How likely each token of a text is, given the request's prompt and prefix and the tokens before it."""
        found = self._open(model)
        kept, scores = self._kept(found), list[list[TokenScore]]()
        for start in range(0, len(texts), TEXTS):
            scores += kept.score(requests[start : start + TEXTS], texts[start : start + TEXTS])
            self.heard()
        return scores

    def price(self, model: str) -> Price:
        """What the model's answers cost; it is opened, so a model that cannot be asked is told here."""
        return self._open(model).price

    def receipt(self, model: str, request: Request, completion: Completion) -> Receipt:
        """What to write down of an answer beside its text."""
        found = self._open(model)
        return Receipt(self._kept(found).key(request), found.price.cost(completion))

    def _kept(self, found: Opened) -> Kept:
        return Kept(found.model, self.book, found.identity, self.by, found.apart)

    def _open(self, name: str) -> Opened:
        if name not in self._known:
            self._known[name] = self.opened(name)
        return self._known[name]
