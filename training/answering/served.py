"""A student behind a connection, such as a vLLM server: an evaluation needs every one of its answers."""

from collections.abc import Callable, Iterator, Sequence

from curation.errors import UserError
from curation.models import Completion, Done, Request, Streaming, TokenScore, in_order


class Whole:
    """A model of which no answer may be missing: one that failed is no wrong answer, so it ends the part."""

    def __init__(self, model: Streaming, check: Callable[[], None]) -> None:
        """`check` raises when the run was asked to stop, which ends a stream early."""
        self.model, self.check = model, check

    def complete(self, requests: Sequence[Request], done: Done | None = None) -> list[Completion]:
        """Answer every request, in order."""
        return in_order(self.stream(requests), len(requests), done)

    def stream(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion]]:
        """Each request's place and its answer, as they end; UserError after the last one when some failed."""
        failures: list[str] = []
        for row, completion in self.model.stream(requests):
            if completion.failure is None:
                yield row, completion
            else:
                failures.append(f"{completion.cause}: {completion.failure}")
        self.check()
        if failures:
            raise UserError(
                f"{len(failures)} of {len(requests)} requests failed ({failures[0]}); the other answers are kept: "
                "resume the run to ask these again."
            )

    def score(self, requests: Sequence[Request], texts: Sequence[str]) -> list[list[TokenScore]]:
        """How likely each token of a text is, given the request's prompt and prefix and the tokens before it."""
        return self.model.score(requests, texts)
