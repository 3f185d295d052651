"""The prompt of a question with or without room to think, rendered exactly once in the tokenizer's chat template.

TFPI: "explicitly discarding the thinking content via a direct </think> append": the assistant's turn begins with an
empty think block, so the student answers at once.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from curation.models import Message, begun
from curation.rendering import CLOSE, OPEN

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Thinking = Literal["thinking", "thinking_free"]
SWITCH = "enable_thinking"  # what Qwen's and others' templates call it
EMPTY = f"{OPEN}\n\n{CLOSE}\n"  # as answers are rendered for training


def prompt_text(tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Message], thinking: Thinking) -> str:
    """The text the student goes on from; without thinking it ends in one closed, empty think block."""
    plain = _render(tokenizer, messages)
    if thinking == "thinking":
        return plain
    if SWITCH in str(tokenizer.chat_template):
        switched = _render(tokenizer, messages, **{SWITCH: False})
        if switched.rstrip().endswith(CLOSE):
            return switched
    return begun(plain, EMPTY)


def opened(prompt: str) -> str:
    """What of a think block the prompt ends in: nothing, an open tag, or a closed block."""
    end = prompt.rstrip()
    if end.endswith(OPEN):
        return OPEN
    return prompt[end.rfind(OPEN) :] if end.endswith(CLOSE) and OPEN in end else ""


def _render(tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Message], **switch: bool) -> str:
    chat = [dict(message) for message in messages]
    return str(tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True, **switch))
