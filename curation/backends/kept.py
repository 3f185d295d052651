"""Answers that are kept: an equal request to the same model is answered from the book, and asks nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from curation.models import Completion, Done, Request, Streaming, TokenScore, in_order
from curation.trace import canonical_json, content_id

TEXTS = 32  # ours: texts scored between two writes


class Book(Protocol):
    """Where answers are kept: JSON values by the key of their request."""

    def get(self, key: str) -> dict[str, Any] | None:
        """What is kept under a key."""

    def put(self, key: str, **values: Any) -> None:  # noqa: ANN401  (JSON values)
        """Keep an answer; it outlives this process when this returns."""


class Kept:
    """A model whose answers are kept; failures are not, so that they are asked again."""

    def __init__(self, model: Streaming, book: Book, name: str = "", by: str = "", apart: bool = False) -> None:
        """The name tells models of one book apart; `by` pays for the answers asked now.

        `apart`: the model writes them into the book itself.
        """
        self.model, self.book, self.name, self.by, self.apart = model, book, name, by, apart
        self.paid_by: dict[int, str] = {}  # of the answers a stream found in the book, by place

    def complete(self, requests: Sequence[Request], done: Done | None = None) -> list[Completion]:
        """Answer every request, in order."""
        return in_order(self.stream(requests), len(requests), done)

    def stream(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion]]:
        """Each request's place and its answer: known ones first, then the others as they end."""
        rows: dict[str, list[int]] = {}
        for row, request in enumerate(requests):
            rows.setdefault(self.key(request), []).append(row)
        missing = []
        for key in rows:
            if (known := self.book.get(key)) is None:
                missing.append(key)
            else:
                self.paid_by.update(dict.fromkeys(rows[key], known["by"]))
                yield from ((row, completion_of(known)) for row in rows[key])
        for place, completion in self.model.stream([requests[rows[key][0]] for key in missing]):
            if completion.failure is None and not self.apart:
                self.book.put(missing[place], by=self.by, completion=asdict(completion))
            yield from ((row, completion) for row in rows[missing[place]])

    def score(self, requests: Sequence[Request], texts: Sequence[str]) -> list[list[TokenScore]]:
        """How likely each token of a text is, given the request's prompt and prefix and the tokens before it."""
        keys = [self.key(request, text) for request, text in zip(requests, texts, strict=True)]
        pairs = {key: (request, text) for key, request, text in zip(keys, requests, texts, strict=True)}
        found = {key: known["scores"] for key in pairs if (known := self.book.get(key)) is not None}
        missing = [key for key in pairs if key not in found]
        for start in range(0, len(missing), TEXTS):
            chosen = missing[start : start + TEXTS]
            asked, wanted = zip(*(pairs[key] for key in chosen), strict=True)
            for key, values in zip(chosen, self.model.score(asked, wanted), strict=True):
                if not self.apart:
                    self.book.put(key, by=self.by, scores=values)
                found[key] = values
        return [[TokenScore(*token) for token in found[key]] for key in keys]

    def key(self, request: Request, *texts: str) -> str:
        """What an answer is kept under."""
        return content_id(canonical_json([self.name, asdict(request), *texts]))


def completion_of(kept: dict[str, Any]) -> Completion:
    """The completion of a book's entry."""
    values = kept["completion"]
    log_probs = None if values["log_probs"] is None else tuple(values["log_probs"])
    return Completion(**{**values, "token_ids": tuple(values["token_ids"]), "log_probs": log_probs})
