"""What generating will cost, told before it starts: calls, tokens, money and time; what nobody knows stays None."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from curation.backends.meter import Price
from curation.models import Request
from curation.texts.tokens import estimate_tokens

TURN = 6  # ours: tokens a chat template puts around a message


class Past(NamedTuple):
    """What a model did in earlier runs: answers, tokens of them, and the seconds they took."""

    answers: int = 0
    tokens: int = 0
    seconds: float = 0.0

    @property
    def usual(self) -> float | None:
        """Generated tokens of an answer."""
        return self.tokens / self.answers if self.answers else None

    @property
    def pace(self) -> float | None:
        """Generated tokens a second."""
        return self.tokens / self.seconds if self.tokens and self.seconds > 0 else None


class Forecast(NamedTuple):
    """At most, by the limit of new tokens; `usual` values rest on earlier answers of the model."""

    calls: int
    prompt_tokens: int
    most_tokens: int
    most_cost: float | None
    usual_tokens: int | None
    usual_cost: float | None
    seconds: float | None


def forecast(requests: Sequence[Request], rows: int, price: Price, past: Past) -> Forecast:
    """The cost of asking `rows` times, given the requests of some rows; more rows than requests are scaled up."""
    if not requests:
        return Forecast(0, 0, 0, None, None, None, None)
    prompt = round(sum(map(prompt_tokens, requests)) * rows / len(requests))
    most = max(request.max_new_tokens for request in requests)
    usual = None if past.usual is None else round(min(past.usual, most) * rows)
    seconds = None if usual is None or past.pace is None else usual / past.pace
    return Forecast(
        rows, prompt, most * rows, _cost(price, prompt, most * rows), usual, _cost(price, prompt, usual), seconds
    )


def prompt_tokens(request: Request) -> int:
    """Tokens of a prompt by the built-in estimate, the marks of a chat counted by their number."""
    if isinstance(request.prompt, str):
        return estimate_tokens(request.prompt + request.prefix)
    return sum(estimate_tokens(message["content"]) + TURN for message in request.prompt) + estimate_tokens(
        request.prefix
    )


def _cost(price: Price, prompt: int, generated: int | None) -> float | None:
    if price.prompt is None or price.generated is None or generated is None:
        return None
    return (prompt * price.prompt + generated * price.generated) / 1e6


def past_of(runs: Iterable[Sequence[Mapping[str, Any]]]) -> Past:
    """What the metrics of a model's runs tell; answers kept from earlier runs took no time and do not count."""
    answers = tokens = 0
    seconds = 0.0
    for lines in runs:
        told = [line for line in lines if line.get("generated_tokens") is not None]
        if told:
            answers += told[-1]["answers"] - told[-1]["kept"]
            tokens += told[-1]["generated_tokens"]
            seconds += _seconds(lines)
    return Past(answers, tokens, seconds)


def _seconds(lines: Sequence[Mapping[str, Any]]) -> float:
    """The time of all sessions of a run; each begins anew at zero."""
    times = [float(line["time"]) for line in lines if "time" in line]
    ends = [before for before, after in pairwise(times) if after < before]
    return sum(ends) + (times[-1] if times else 0.0)
