"""Models on this machine, through transformers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from curation.decoding import Prompt, Scored, decode, token_log_probs
from curation.errors import UserError
from curation.models import CLOSE, OPEN, Completion, Done, Message, Request, TokenScore, before_stop, begun, in_order

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

SMALL = 100_000_000  # weights; ours, as are the batches: 128 was fastest for the shipped student on one thread
BATCH_SMALL, BATCH_LARGE = 128, 16
SLACK = 8  # ours: tokens looked at beyond a stop text's length, since some are parts of characters
SWITCH = "enable_thinking"  # what Qwen's and others' chat templates call it
OFFLINE = "Give a local folder with config.json, model.safetensors and tokenizer.json, or connect to the hub once"


class Loaded(NamedTuple):
    """A model and its tokenizer."""

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"


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

    def score(self, requests: Sequence[Request], texts: Sequence[str]) -> list[list[TokenScore]]:
        """How likely each token of a text is, given the request's prompt and prefix and the tokens before it.

        None is told of a text that, with what stands before it, is longer than the model's context.
        """
        prompts = self._encode([self._read(request) for request in requests])
        wanted = [self._tokens(text) for text in texts]
        pairs = [
            Scored(ids or [self.tokenizer.eos_token_id], tokens["input_ids"])
            for ids, tokens in zip(prompts, wanted, strict=True)
        ]
        room = self.model.config.get_text_config().max_position_embeddings
        fitting = [row for row, pair in enumerate(pairs) if len(pair.prompt) + len(pair.wanted) <= room]
        values = dict(
            zip(fitting, token_log_probs(self.model, [pairs[row] for row in fitting], self.batch_size), strict=True)
        )
        return [
            [
                TokenScore(stop, value)
                for (_, stop), value in zip(tokens["offset_mapping"], values.get(row, []), strict=False)
            ]
            for row, tokens in enumerate(wanted)
        ]

    def _tokens(self, text: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        return found

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
