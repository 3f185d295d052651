"""A model that answers from a list, a mapping or a function: for tests, and for runs without any model."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate

from curation.models import Completion, Done, Request, TokenScore, before_stop, in_order


class Scripted:
    """Answers from a list in turn, a mapping by question, or a function of the request."""

    def __init__(self, answers: Sequence[str] | Mapping[str, str] | Callable[[Request], str]) -> None:
        """Keep the answers; `asked` collects the requests."""
        self.answers = answers
        self.asked: list[Request] = []

    def complete(self, requests: Sequence[Request], done: Done | None = None) -> list[Completion]:
        """Answer every request, in order."""
        return in_order(self.stream(requests), len(requests), done)

    def stream(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion]]:
        """Each request's place and its answer, in turn."""
        for row, request in enumerate(requests):
            self.asked.append(request)
            text, stopped = before_stop(self._answer(request), request.stop)
            yield row, _clipped(text, stopped, request)

    def score(self, requests: Sequence[Request], texts: Sequence[str]) -> list[list[TokenScore]]:
        """Minus one for every word of the answer it would give, minus ten for any other."""
        scored = []
        for request, text in zip(requests, texts, strict=True):
            own = self._answer(request).split(" ")
            stops = accumulate(len(word) + 1 for word in text.split(" "))
            likely = (-1.0 if word in own else -10.0 for word in text.split(" "))
            scored.append([TokenScore(stop - 1, value) for stop, value in zip(stops, likely, strict=True)])
        return scored

    def _answer(self, request: Request) -> str:
        if isinstance(self.answers, Mapping):
            return self.answers[_asked(request)]
        if isinstance(self.answers, Sequence):
            return self.answers[(len(self.asked) - 1) % len(self.answers)]
        return self.answers(request)


def _asked(request: Request) -> str:
    return request.prompt if isinstance(request.prompt, str) else request.prompt[-1]["content"]


def _clipped(text: str, stopped: str | None, request: Request) -> Completion:
    """Words are the tokens of a scripted model."""
    words, limit = text.split(" "), request.max_new_tokens
    n_prompt, ids = len((_asked(request) + request.prefix).split()), tuple(range(min(len(words), limit)))
    if len(words) > limit:
        return Completion(" ".join(words[:limit]), ids, "length", n_prompt)
    return Completion(text, ids, "stop", n_prompt, stopped)
