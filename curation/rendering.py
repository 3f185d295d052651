"""A trace as a student reads it: its tokenizer's chat template over question and completion, as tokens.

Loss falls on the tokens after the generation prompt, exactly the tokens a model writes at inference. How long a row
may be is decided later: these are the tokens before anything is cut.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

from curation.exports.render import render_completion
from curation.models import CLOSE as CLOSE
from curation.models import OPEN as OPEN
from curation.models import ask, load_tokenizer
from curation.trace import Trace

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Mark = Literal["doubled_think", "orphan_think", "text_lost", "prompt_changed", "prompt_space"]
MARKS: tuple[Mark, ...] = get_args(Mark)


@dataclass(frozen=True, slots=True)
class Chat:
    """The rendered text, its tokens, how many of them are the prompt, and what is wrong with the row."""

    text: str
    token_ids: list[int]
    n_prompt: int
    marks: tuple[Mark, ...]

    @property
    def n_trained(self) -> int:
        """Tokens that carry loss while nothing is cut."""
        return len(self.token_ids) - self.n_prompt


def render_chat(tokenizer: "PreTrainedTokenizerBase", trace: Trace) -> Chat:
    """One trace in the chat template; without a completion nothing in it is trained."""
    completion = render_completion(trace)
    question = [dict(message) for message in ask(trace.question)]
    prompt = str(tokenizer.apply_chat_template(question, tokenize=False, add_generation_prompt=True))
    answer = {"role": "assistant", "content": completion}
    text = str(tokenizer.apply_chat_template([*question, answer], tokenize=False))
    ids = list(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
    prompt_ids = list(tokenizer(prompt, add_special_tokens=False, verbose=False)["input_ids"])
    n_prompt = common(prompt_ids, ids)
    written = text[len(prompt) :] if text.startswith(prompt) else text
    marks: dict[Mark, bool] = {
        "doubled_think": max(text.count(OPEN), text.count(CLOSE)) > 1,
        "orphan_think": text.count(OPEN) != text.count(CLOSE) or text.find(CLOSE) < text.find(OPEN),
        "text_lost": completion.strip() not in written and completion.strip() not in text,
        "prompt_changed": n_prompt < len(prompt_ids),
        "prompt_space": trace.question != trace.question.rstrip(),
    }
    found = tuple(mark for mark in MARKS if marks[mark])
    return Chat(text, ids, n_prompt if completion.strip() else len(ids), found)


@lru_cache(maxsize=4)
def student_tokenizer(name: str) -> "PreTrainedTokenizerBase":
    """The tokenizer of a student's folder or hub name, loaded once a process."""
    return load_tokenizer(name)


def common(first: list[int], second: list[int]) -> int:
    """Length of the common beginning."""
    for place, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return place
    return min(len(first), len(second))
