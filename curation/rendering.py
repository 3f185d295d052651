"""A trace as a student reads it: its tokenizer's chat template over question and completion, as tokens.

A conversation (form agent or dialogue) is rendered turn by turn. Every character has its section: the prompt is what
others say, reasoning and answer are what the model writes at inference. How long a row may be is decided later:
these are the tokens before anything is cut.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from curation.backends.transformers_model import load_tokenizer
from curation.errors import UserError
from curation.exports.render import render_completion
from curation.models import CLOSE as CLOSE
from curation.models import OPEN as OPEN
from curation.models import Message, ask
from curation.texts.turns import turns
from curation.trace import Trace

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

HEAD = f"{OPEN}\n"
Mark = Literal["doubled_think", "orphan_think", "text_lost", "prompt_changed", "prompt_space"]
MARKS: tuple[Mark, ...] = get_args(Mark)
Section = Literal["prompt", "reasoning", "answer"]


class Span(NamedTuple):
    """Characters from `start` on to the next span: their section, and where they begin in the trace's reasoning."""

    start: int
    section: Section
    at: int | None = None


class Said(NamedTuple):
    """One message; the spans of what the assistant says, relative to its text."""

    message: dict[str, str]
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Chat:
    """The rendered text, its tokens, those before the first answer, what is wrong; each token's place, and spans."""

    text: str
    token_ids: list[int]
    n_prompt: int
    marks: tuple[Mark, ...]
    offsets: list[tuple[int, int]]
    spans: tuple[Span, ...]

    @property
    def sections(self) -> list[Span]:
        """The span of each token; a token belongs where it begins."""
        begins = [span.start for span in self.spans]
        places = [bisect_right(begins, start) - 1 for start, _ in self.offsets]
        # the prompt's tokens as they are without an answer: one that changes once it follows belongs to the answer
        later = min(1, len(self.spans) - 1)
        return [self.spans[0 if number < self.n_prompt else max(later, place)] for number, place in enumerate(places)]

    @property
    def n_trained(self) -> int:
        """Tokens that carry loss while nothing is cut: all that the model would write itself."""
        return sum(span.section != "prompt" for span in self.sections)


def render_chat(
    tokenizer: "PreTrainedTokenizerBase",
    trace: Trace,
    prompt: Sequence[Message] | None = None,
    *,
    unfinished: bool = False,
) -> Chat:
    """One trace in the chat template; without a completion nothing in it is trained.

    `prompt` is what is asked instead of the bare question; an unfinished trace breaks off where its reasoning ends.
    """
    if not tokenizer.is_fast:
        raise UserError(
            f"The tokenizer of '{tokenizer.name_or_path}' gives no offsets, so what is trained cannot be told by "
            "section; give a student with a tokenizer.json."
        )
    asked = [dict(message) for message in (prompt if prompt is not None else ask(trace.question))]
    said = unclosed(trace) if unfinished else conversation(trace)
    begin = _template(tokenizer, asked, ask_on=True)
    messages = [*asked, *(one.message for one in said)]
    text = begin + said[0].message["content"] if unfinished else _template(tokenizer, messages)
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    ids, prompt_ids = list(encoded["input_ids"]), _ids(tokenizer, begin)
    n_prompt = common(prompt_ids, ids)
    spans, lost = _located(tokenizer, text, asked, said)
    marks: dict[Mark, bool] = {
        "doubled_think": max(text.count(OPEN), text.count(CLOSE)) > 1,
        "orphan_think": not unfinished and _orphan(text),
        "text_lost": lost,
        "prompt_changed": n_prompt < len(prompt_ids),
        "prompt_space": trace.question != trace.question.rstrip(),
    }
    found = tuple(mark for mark in MARKS if marks[mark])
    if not any(one.spans and one.message["content"].strip() for one in said):
        n_prompt, spans = len(ids), (Span(0, "prompt"),)
    return Chat(text, ids, n_prompt, found, list(encoded["offset_mapping"]), spans)


def conversation(trace: Trace) -> list[Said]:
    """What follows the question: one completion, or the turns of a conversation up to the assistant's last."""
    found = turns(trace.reasoning) if trace.form in ("agent", "dialogue") else []
    if not found:
        return [_completion(render_completion(trace), len(trace.reasoning), 0)]
    last = found.pop() if found[-1].assistant and trace.answer else None
    said = [_turn(trace.reasoning[turn.start : turn.stop], turn.assistant, turn.start) for turn in found]
    if trace.answer:
        thought = trace.reasoning[last.start : last.stop] if last else ""
        text = f"{HEAD}{thought}\n{CLOSE}\n{trace.answer}" if thought else trace.answer
        said.append(_completion(text, len(thought), last.start if last else 0))
    while said and not said[-1].spans:
        said.pop()
    return said


def unclosed(trace: Trace) -> list[Said]:
    """The beginning of a completion, up to where the reasoning ends; a space at its end belongs to the next word."""
    reasoning = trace.reasoning.rstrip(" ")
    return [_completion(f"{HEAD}{reasoning}", len(reasoning), 0)]


@lru_cache(maxsize=4)
def student_tokenizer(name: str) -> "PreTrainedTokenizerBase":
    """The tokenizer of a student's folder or hub name, loaded once a process."""
    return load_tokenizer(name)


def common(first: Sequence[object], second: Sequence[object]) -> int:
    """Length of the common beginning."""
    for place, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return place
    return min(len(first), len(second))


def _turn(text: str, assistant: bool, at: int) -> Said:
    if not assistant:
        return Said({"role": "user", "content": text})
    return Said({"role": "assistant", "content": text}, (Span(0, "reasoning", at),))


def _completion(text: str, reasoning: int, at: int) -> Said:
    """A completion as rendered, with this many characters of reasoning between its think tags."""
    message = {"role": "assistant", "content": text}
    if not reasoning:
        return Said(message, (Span(0, "answer"),))
    close = len(HEAD) + reasoning
    answer = close + len(f"\n{CLOSE}\n")
    spans = (Span(0, "reasoning"), Span(len(HEAD), "reasoning", at), Span(close, "reasoning"), Span(answer, "answer"))
    return Said(message, spans if close < len(text) else spans[:2])


def _located(
    tokenizer: "PreTrainedTokenizerBase", text: str, asked: list[dict[str, str]], said: list[Said]
) -> tuple[tuple[Span, ...], bool]:
    """The spans of the whole text, and whether the template leaves out a part of what is said."""
    spans, messages, stop, lost = [Span(0, "prompt")], list(asked), 0, False
    for number, one in enumerate(said):
        content = one.message["content"]
        if one.spans:
            before = _template(tokenizer, messages, ask_on=True)
            begin = max(stop, common(before, text))
            place = text.find(content.strip(), begin)
            origin = place - (len(content) - len(content.lstrip())) if place >= 0 else begin
            # what the template writes before the text is the model's to write as well
            spans += [Span(begin if not span.start else origin + span.start, *span[1:]) for span in one.spans]
            spans += [Span(origin, *one.spans[0][1:])] if begin < origin and one.spans[0].at is not None else []
            lost = lost or place < 0
            if number < len(said) - 1:
                end = max(begin, place + len(content.strip()))
                through = _template(tokenizer, [*messages, one.message])
                after = through[through.rfind(content.strip()) + len(content.strip()) :]
                stop = end + common(after, text[end:])
                spans.append(Span(stop, "prompt"))
        messages.append(one.message)
    return tuple(sorted(spans, key=lambda span: span.start)), lost


def _orphan(text: str) -> bool:
    return text.count(OPEN) != text.count(CLOSE) or text.find(CLOSE) < text.find(OPEN)


def _template(tokenizer: "PreTrainedTokenizerBase", messages: list[dict[str, str]], *, ask_on: bool = False) -> str:
    return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=ask_on))


def _ids(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
