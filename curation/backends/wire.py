"""What goes over the wire to an OpenAI-compatible server, and what its answers say."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from curation.models import Completion, FinishReason, Request, before_stop

Json = dict[str, Any]
# vLLM fills in what a model's generation_config.json says unless told otherwise; a Request is the whole truth
PLAIN: Json = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0, "return_token_ids": True}
CONTINUED: Json = {"add_generation_prompt": False, "continue_final_message": True}
OTHER_LIMIT = "max_completion_tokens"  # what some servers call max_tokens
ENDINGS: dict[str, FinishReason] = {
    "length": "length", "max_tokens": "length", "model_length": "length", "content_filter": "filtered",
    "safety": "filtered", "recitation": "filtered", "refusal": "filtered",
}  # fmt: skip
BROKEN = ("error", "abort", "insufficient_system_resource")  # the server gave up in the middle


class Unreadable(ValueError):
    """An answer that is not what the protocol says."""


def path_of(request: Request) -> str:
    """Where a request goes: a text is continued, a chat is answered."""
    return "/completions" if isinstance(request.prompt, str) else "/chat/completions"


def body(model: str, request: Request, n: int = 1, vllm: bool = False, limit: str = "max_tokens") -> Json:
    """The JSON of a request for `n` answers; `limit` is what the server calls the largest number of new tokens."""
    values: Json = {"model": model, limit: request.max_new_tokens, "temperature": request.temperature}
    values |= PLAIN if vllm else {}
    if vllm or request.top_p != 1:
        values["top_p"] = request.top_p
    if request.temperature > 0:
        values["seed"] = request.seed
    if n > 1:
        values["n"] = n
    if request.stop:
        values["stop"] = list(request.stop)
    if request.json_schema:
        schema = {"name": "answer", "schema": json.loads(request.json_schema), "strict": True}
        values["response_format"] = {"type": "json_schema", "json_schema": schema}
    return values | _prompt(request, vllm)


def _prompt(request: Request, vllm: bool) -> Json:
    if isinstance(request.prompt, str):
        log_probs: Json = {"logprobs": 1} if request.log_probs else {}
        bare: Json = {"add_special_tokens": False} if vllm else {}
        return {"prompt": request.prompt + request.prefix, **bare, **log_probs}
    return {**chat(request), **({"logprobs": True} if request.log_probs else {})}


def chat(request: Request) -> Json:
    """The messages of a chat; the answer's beginning is a last message that the server goes on with."""
    messages = [dict(message) for message in request.prompt if isinstance(message, Mapping)]
    if not request.prefix:
        return {"messages": messages}
    return {"messages": [*messages, {"role": "assistant", "content": request.prefix}], **CONTINUED}


def read(answer: object, request: Request) -> list[Completion]:
    """The completions of an answer; the first of several carries the prompt's tokens, which are paid once."""
    try:
        choices = sorted(answer["choices"], key=lambda choice: choice.get("index", 0))  # type: ignore[index]
        usage = answer.get("usage") or {}  # type: ignore[attr-defined]
        found = [_completion(choice, request) for choice in choices]
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from None
    if not found:
        raise Unreadable("there are no choices")
    return _counted(found, usage)


def read_prompt(answer: object, ids: Sequence[int]) -> list[float]:
    """The log-probabilities of a prompt's last tokens, which are these."""
    try:
        told = answer["choices"][0]["prompt_logprobs"]  # type: ignore[index]
        last = told[len(told) - len(ids) :]
        return [float(one[str(token)]["logprob"]) for one, token in zip(last, ids, strict=True)]
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from None


def _completion(choice: Json, request: Request) -> Completion:
    message = choice["message"] if "message" in choice else {"content": choice["text"]}
    ending = str(choice.get("finish_reason") or "stop").lower()
    if ending in BROKEN:
        raise Unreadable(f"the server ended with '{ending}'")
    refusal = message.get("refusal") or ""
    reason: FinishReason = "filtered" if refusal else ENDINGS.get(ending, "stop")
    text, stopped = before_stop(_text(message.get("content")) or _text(refusal), request.stop)
    told = choice.get("stop_reason")
    return Completion(
        text=text,
        token_ids=tuple(choice.get("token_ids") or ()),
        finish_reason="stop" if stopped else reason,
        stopped=stopped or (told if told in request.stop else None),
        reasoning=_text(message.get("reasoning_content") or message.get("reasoning")),
        log_probs=_log_probs(choice.get("logprobs")) if request.log_probs else None,
    )


def _text(content: str | list[Json] | None) -> str:
    """The words of a message, which some servers hand over in parts."""
    if isinstance(content, list):
        content = "".join(part.get("text", "") for part in content)
    if content is not None and not isinstance(content, str):
        raise TypeError(f"expected text, found {type(content).__name__}")
    return (content or "").encode("utf-8", "replace").decode()  # half a character, as where an answer was cut


def _log_probs(found: Json | None) -> tuple[float, ...] | None:
    """Of a chat a list of tokens, of a text two lists side by side; None where the server told none."""
    if not found:
        return None
    if "content" in found:
        return tuple(float(token["logprob"]) for token in found["content"] or ())
    return tuple(float(value) for value in found["token_logprobs"])


def _counted(found: Sequence[Completion], usage: Json) -> list[Completion]:
    """With token counts: the server's own where there are no token ids, shared out by length among several."""
    prompt, total = usage.get("prompt_tokens"), usage.get("completion_tokens")
    lengths = [len(one.text + one.reasoning) for one in found]
    shares = [None if one.token_ids else count for one, count in zip(found, shared(total, lengths), strict=True)]
    prompts = [prompt, *(None if prompt is None else 0 for _ in found[1:])]
    return [
        replace(one, n_prompt_tokens=prompt_tokens, n_generated=count)
        for one, prompt_tokens, count in zip(found, prompts, shares, strict=True)
    ]


def shared(total: int | None, lengths: Sequence[int]) -> list[int | None]:
    """A total shared out in proportion, exactly; the last takes what rounding leaves."""
    if total is None:
        return [None for _ in lengths]
    weights = [length + 1 for length in lengths]
    counts = [total * weight // sum(weights) for weight in weights]
    return [*counts[:-1], total - sum(counts[:-1])]
