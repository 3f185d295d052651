"""Language models: what they are asked and what they answer; what answers is in backends/.

`complete` answers requests in order; `done` is called with the number of finished requests and may raise to stop.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

Message = Mapping[str, str]
Done = Callable[[int], None]
# length: cut at max_new_tokens; filtered: withheld by the server; failed: there is no answer, and `cause` says why
FinishReason = Literal["stop", "length", "filtered", "failed"]
Cause = Literal[
    "connection", "timeout", "rate_limit", "server_error", "bad_response", "context_length", "bad_request"
]  # fmt: skip
OPEN, CLOSE = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt, as text or as chat messages; temperature 0 takes the likeliest token.

    The answer goes on from `prefix`, which is not part of the completion; it ends before the first of the `stop`
    texts. `json_schema` is a JSON schema, as text, that the answer has to follow where the backend can enforce it;
    `log_probs` asks for the log-probability of each generated token.
    """

    prompt: str | tuple[Message, ...]
    max_new_tokens: int = 512
    temperature: float = 0.0
    seed: int = 0
    top_p: float = 1.0
    prefix: str = ""
    stop: tuple[str, ...] = ()
    json_schema: str = ""
    log_probs: bool = False


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's answer; `token_ids` are all generated tokens, the end token among them, where the backend tells them.

    `stopped` is the stop text that ended it, if one did; `reasoning` is what a server hands over apart from the
    answer; prompt tokens are None where nobody counted them, and so is `n_generated`, the server's own count, where
    the token ids are known. `failure` says in words why there is no answer.
    """

    text: str
    token_ids: tuple[int, ...]
    finish_reason: FinishReason
    n_prompt_tokens: int | None = None
    stopped: str | None = None
    reasoning: str = ""
    n_generated: int | None = None
    log_probs: tuple[float, ...] | None = None
    cause: Cause | None = None
    failure: str | None = None

    @property
    def n_tokens(self) -> int:
        """Number of generated tokens."""
        return len(self.token_ids) if self.n_generated is None else self.n_generated


class TokenScore(NamedTuple):
    """One token of a scored text: the character behind it, and its natural log-probability."""

    stop: int
    log_prob: float


class LanguageModel(Protocol):
    """Anything that completes prompts."""

    def complete(self, requests: Sequence[Request], done: Done | None = None) -> list[Completion]:
        """Answer every request, in order."""

    def score(self, requests: Sequence[Request], texts: Sequence[str]) -> list[list[TokenScore]]:
        """How likely each token of a text is, given the request's prompt and prefix and the tokens before it."""


class Streaming(LanguageModel, Protocol):
    """A model that hands over each answer as soon as it is finished."""

    def stream(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion]]:
        """Each request's place and its answer, in the order in which they end; fewer where it was told to stop."""


def in_order(found: Iterator[tuple[int, Completion]], count: int, done: Done | None = None) -> list[Completion]:
    """The answers of a stream by their places; `done` hears of each."""
    answers: dict[int, Completion] = {}
    for row, completion in found:
        answers[row] = completion
        if done:
            done(len(answers))
    return [answers[row] for row in range(count)]


def log_probs(model: LanguageModel, requests: Sequence[Request], texts: Sequence[str]) -> list[list[float]]:
    """The natural log-probabilities of each text's tokens alone."""
    return [[token.log_prob for token in found] for found in model.score(requests, texts)]


def before_stop(text: str, stop: Sequence[str]) -> tuple[str, str | None]:
    """The text before the first of the stop texts, and which one that is."""
    place, which = min(((text.find(one), one) for one in stop if one in text), default=(len(text), None))
    return text[:place], which


def begun(rendered: str, prefix: str) -> str:
    """A rendered prompt with the answer's beginning; a think block the template opened, or emptied, is not doubled."""
    opened = rendered.rstrip()
    block, closed, rest = prefix.partition(CLOSE)
    if closed and block.strip() == OPEN and opened.endswith(CLOSE):
        return rendered + rest.lstrip()
    if prefix.startswith(OPEN) and opened.endswith(OPEN):
        return opened + prefix.removeprefix(OPEN)
    return rendered + prefix


QUESTION = "{question}"  # the instruction that asks the bare question
SLOT = re.compile(r"\{([a-z_]+)\}")


def fill(text: str, slots: Mapping[str, object]) -> str:
    """A text with its slots, such as `{question}`, filled; braces around anything else stay as they are."""
    return SLOT.sub(lambda found: str(slots.get(found[1], found[0])), text)


def ask(question: str, instruction: str = QUESTION, **slots: object) -> tuple[Message, ...]:
    """The chat of one question: the same messages in training and at inference."""
    return ({"role": "user", "content": fill(instruction, {**slots, "question": question}).rstrip()},)
