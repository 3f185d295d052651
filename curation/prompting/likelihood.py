"""How likely a model finds the texts of a trace: what is scored after what, and one number out of many."""

import math
from collections.abc import Sequence
from statistics import fmean
from typing import Literal, NamedTuple

from curation.models import CLOSE, OPEN, Message, Request, TokenScore
from curation.texts.tokens import token_stops
from curation.trace import Segment, Trace

Aggregate = Literal["perplexity", "mean", "sum", "min"]
LONGEST = 700.0  # e to more is no number any more


class Piece(NamedTuple):
    """A text to be scored after a request's prompt and prefix, and whether it is the reasoning."""

    request: Request
    text: str
    reasoning: bool


def pieces(
    trace: Trace, prompt: str | tuple[Message, ...], reasoning: bool, answer: bool, tags: bool, most: int
) -> list[Piece]:
    """Reasoning and answer of a trace as a student writes them; of each the first tokens, by the built-in estimate."""
    found = []
    opened, closed = (f"{OPEN}\n", f"\n{CLOSE}\n") if tags else ("", "\n\n")
    if reasoning and trace.reasoning:
        found.append(Piece(Request(prompt, prefix=opened), first_tokens(trace.reasoning, most), True))
    if answer and trace.answer:
        before = f"{opened}{trace.reasoning}{closed}" if trace.reasoning else ""
        found.append(Piece(Request(prompt, prefix=before), first_tokens(trace.answer, most), False))
    return found


def first_tokens(text: str, most: int) -> str:
    """The first tokens of a text, by the built-in estimate."""
    stops = token_stops(text)
    return text if len(stops) <= most else text[: stops[most - 1]]


def differences(given: Sequence[TokenScore], without: Sequence[TokenScore]) -> list[TokenScore] | None:
    """How much likelier each token is with the question than without it; None where the tokens are not the same."""
    if [token.stop for token in given] != [token.stop for token in without]:
        return None
    return [TokenScore(one.stop, one.log_prob - other.log_prob) for one, other in zip(given, without, strict=True)]


def aggregate(values: Sequence[float], how: Aggregate) -> float | None:
    """One number of log-probabilities; None of none."""
    if not values:
        return None
    if how == "perplexity":
        return math.exp(min(LONGEST, -fmean(values)))
    if how == "sum":
        return math.fsum(values)
    return fmean(values) if how == "mean" else min(values)


def surprises(tokens: Sequence[TokenScore], segments: Sequence[Segment]) -> list[float | None]:
    """Mean surprise of the tokens that end in each segment, in nats; None where none does."""
    found: list[float | None] = []
    at = 0
    for segment in segments:
        inside = []
        while at < len(tokens) and tokens[at].stop <= segment.stop:
            inside.append(-tokens[at].log_prob)
            at += 1
        found.append(fmean(inside) if inside else None)
    return found
