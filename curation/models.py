"""Language models: what they are asked, what they answer, and the backends that need no server.

`complete` answers requests in order; `done` is called with the number of finished requests and may raise to stop.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from curation.decoding import FinishReason, Prompt, Scored, decode, token_log_probs
from curation.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Message = Mapping[str, str]
Done = Callable[[int], None]
SMALL = 100_000_000  # weights; ours, as are the batches: 128 was fastest for the shipped student on one thread
BATCH_SMALL, BATCH_LARGE = 128, 16
SLACK = 8  # ours: tokens looked at beyond a stop text's length, since some are parts of characters
OPEN, CLOSE = "<think>", "</think>"
SWITCH = "enable_thinking"  # what Qwen's and others' chat templates call it
OFFLINE = "Give a local folder with config.json, model.safetensors and tokenizer.json, or connect to the hub once"


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt, as text or as chat messages; temperature 0 takes the likeliest token.

    The answer goes on from `prefix`, which is not part of the completion; it ends before the first of the `stop`
    texts.
    """

    prompt: str | tuple[Message, ...]
    max_new_tokens: int = 512
    temperature: float = 0.0
    seed: int = 0
    top_p: float = 1.0
    prefix: str = ""
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's answer; `token_ids` are all generated tokens, the end token among them.

    `stopped` is the stop text that ended it, if one did; prompt tokens are None where nobody counted them.
    """

    text: str
    token_ids: tuple[int, ...]
    finish_reason: FinishReason
    n_prompt_tokens: int | None = None
    stopped: str | None = None

    @property
    def n_tokens(self) -> int:
        """Number of generated tokens."""
        return len(self.token_ids)


class LanguageModel(Protocol):
    """Anything that completes prompts."""

    def complete(self, requests: Sequence[Request], done: Done | None = None) -> list[Completion]:
        """Answer every request, in order."""

    def log_probs(self, requests: Sequence[Request], texts: Sequence[str]) -> list[list[float]]:
        """The natural log-probability of each token of a text, given the request's prompt and prefix."""


class Streaming(LanguageModel, Protocol):
    """A model that hands over each answer as soon as it is finished."""

    def stream(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion]]:
        """Each request's place and its answer, in the order in which they end."""


class Loaded(NamedTuple):
    """A model and its tokenizer."""

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"


def in_order(found: Iterator[tuple[int, Completion]], count: int, done: Done | None = None) -> list[Completion]:
    """The answers of a stream by their places; `done` hears of each."""
    answers: dict[int, Completion] = {}
    for row, completion in found:
        answers[row] = completion
        if done:
            done(len(answers))
    return [answers[row] for row in range(count)]


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


def ask(question: str, instruction: str = QUESTION, **slots: object) -> tuple[Message, ...]:
    """The chat of one question: the same messages in training and at inference.

    An instruction is a text with slots, `{question}` and those given; other braces stay as they are.
    """
    filled = instruction
    for name, value in slots.items():
        filled = filled.replace("{" + name + "}", str(value))
    return ({"role": "user", "content": filled.replace(QUESTION, question).rstrip()},)


def load_tokenizer(name: str) -> "PreTrainedTokenizerBase":
    """The tokenizer of a folder or hub name; UserError when it cannot be loaded or has no chat template."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise _not_loaded("tokenizer", name, error) from None
    if not tokenizer.chat_template:
        raise UserError(
            f"The tokenizer of '{name}' has no chat template, so a question cannot be put to it; "
            "add chat_template to its tokenizer_config.json, or choose an instruction-tuned model."
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load(name: str, adapter: Path | None = None, dtype: str = "auto") -> Loaded:
    """Model and tokenizer of a folder or hub name, from safetensors; a LoRA adapter is merged into the weights."""
    from transformers import AutoModelForCausalLM

    tokenizer = load_tokenizer(name)
    try:
        model = AutoModelForCausalLM.from_pretrained(name, dtype=dtype, use_safetensors=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise _not_loaded("model", name, error) from None
    return Loaded(_with_adapter(model, adapter) if adapter else model, tokenizer)


def _with_adapter(model: Any, adapter: Path) -> Any:  # noqa: ANN401  (a transformers model)
    from peft import PeftModel

    if not (adapter / "adapter_config.json").is_file():
        raise UserError(f"There is no LoRA adapter in {adapter}: adapter_config.json is missing.")
    return PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()


def _not_loaded(what: str, name: str, error: Exception) -> UserError:
    reason = str(error).strip().split("\n")[0][:200]
    return UserError(f"The {what} '{name}' cannot be loaded: {reason} {OFFLINE}.")


class TransformersModel:
    """A model on this machine, decoded in batches from which finished rows are dropped."""

    def __init__(self, loaded: Loaded, batch_size: int | None = None) -> None:
        """Use a model where it is; the batch size follows the model's unless given."""
        self.model, self.tokenizer = loaded
        self.batch_size = batch_size or (BATCH_SMALL if self.model.num_parameters() < SMALL else BATCH_LARGE)

    @classmethod
    def open(
        cls, name: str, adapter: Path | None = None, device: str = "auto", batch_size: int | None = None
    ) -> "TransformersModel":
        """Load a folder or hub name; auto takes a GPU where there is one."""
        import torch

        model, tokenizer = load(name, adapter)
        place = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        return cls(Loaded(model.to(place).eval(), tokenizer), batch_size)

    def render(self, prompt: str | tuple[Message, ...], **switches: bool) -> str:
        """The text the model reads; switches are the chat template's own, such as enable_thinking."""
        if isinstance(prompt, str):
            return prompt
        messages = [dict(message) for message in prompt]
        return str(
            self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True, **switches)
        )

    def complete(self, requests: Sequence[Request], done: Done | None = None) -> list[Completion]:
        """Answer every request, in order."""
        return in_order(self.stream(requests), len(requests), done)

    def stream(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion]]:
        """Each request's place and its answer, in the order in which they end."""
        encoded = self._encode([self._read(request) for request in requests])
        prompts = [
            Prompt(ids, one.max_new_tokens, one.temperature, one.seed, one.top_p, self._ends(one.stop))
            for ids, one in zip(encoded, requests, strict=True)
        ]
        for row, ids, reason in decode(self.model, prompts, self.stop_ids, self.batch_size):
            text, stopped = before_stop(self.tokenizer.decode(ids, skip_special_tokens=True), requests[row].stop)
            yield row, Completion(text, tuple(ids), reason, len(encoded[row]), stopped)

    def log_probs(self, requests: Sequence[Request], texts: Sequence[str]) -> list[list[float]]:
        """The natural log-probability of each token of a text, given the request's prompt and prefix."""
        prompts, wanted = self._encode([self._read(request) for request in requests]), self._encode(texts)
        pairs = [Scored(ids or [self.tokenizer.eos_token_id], text) for ids, text in zip(prompts, wanted, strict=True)]
        return token_log_probs(self.model, pairs, self.batch_size)

    def _read(self, request: Request) -> str:
        """The prompt with the answer's beginning; an empty think block is written by the template where it can."""
        block, closed, _ = request.prefix.partition(CLOSE)
        unthinking = closed and block.strip() == OPEN and SWITCH in str(self.tokenizer.chat_template)
        switches = {SWITCH: False} if unthinking else {}
        return begun(self.render(request.prompt, **switches), request.prefix)

    def _encode(self, texts: Sequence[str]) -> list[list[int]]:
        return self.tokenizer(list(texts), add_special_tokens=False)["input_ids"] if texts else []

    def _ends(self, stop: tuple[str, ...]) -> Callable[[list[int]], bool] | None:
        """Whether new tokens end in a stop text; only the last tokens are looked at."""
        tail = max(map(len, stop), default=0) + SLACK
        decoded = partial(self.tokenizer.decode, skip_special_tokens=True)
        return (lambda ids: before_stop(decoded(ids[-tail:]), stop)[1] is not None) if stop else None

    @property
    def stop_ids(self) -> frozenset[int]:
        """Tokens that end an answer."""
        given = self.model.generation_config.eos_token_id
        ids = given if isinstance(given, list) else [given]
        return frozenset(token for token in [*ids, self.tokenizer.eos_token_id] if token is not None)


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

    def log_probs(self, requests: Sequence[Request], texts: Sequence[str]) -> list[list[float]]:
        """Minus one for every word of the answer it would give, minus ten for any other."""
        scored = []
        for request, text in zip(requests, texts, strict=True):
            own = self._answer(request).split(" ")
            scored.append([-1.0 if word in own else -10.0 for word in text.split(" ")])
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
