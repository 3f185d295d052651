"""Tokens and labels: each row in a student's chat template, loss on the chosen sections only, -100 elsewhere.

TRL's SFTTrainer takes such rows as they are. Sections are the prompt, the reasoning with its think tags, the answer
with the end of the turn, and the kinds of segments of the reasoning.
"""

from bisect import bisect_right
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field

from curation.errors import UserError
from curation.exports.base import Card, Content, Format, write_lines
from curation.exports.render import render_completion
from curation.params import Positive, TokenizerName
from curation.rendering import render_chat, student_tokenizer
from curation.trace import Kind, Trace

IGNORED = -100  # the label torch's cross-entropy skips
HEAD = "<think>\n"
Section = Literal["prompt", "reasoning", "answer"]


class Span(NamedTuple):
    """Characters of the completion from `start` on, and their section; `kind` within the reasoning."""

    start: int
    section: Section
    kind: Kind | None = None


class Labelled(Format):
    """Tokens and labels of each row, loss on chosen sections; TRL's SFTTrainer reads input_ids and labels."""

    format: Literal["labelled"] = "labelled"
    tokenizer: TokenizerName = Field(min_length=1, description="Folder or hub name of the student")
    train: list[Section] = Field(["reasoning", "answer"], description="Sections that carry loss")
    kinds: list[Kind] = Field([], description="Kinds of segments that carry loss; none: the reasoning as a whole")
    max_length: Positive | None = Field(None, description="Longest row in tokens, the rest cut off; empty: not cut")

    def write(self, content: Content, out: Path, card: Card | None) -> int:
        """Write one row of tokens and labels a line."""
        return write_lines((self.row(trace) for trace in content.traces()), out)

    def row(self, trace: Trace) -> dict[str, Any]:
        """The tokens of a trace in the student's template and a label for each."""
        tokenizer = student_tokenizer(self.tokenizer)
        chat = render_chat(tokenizer, trace)
        starts = _starts(tokenizer, chat.text, self.tokenizer)
        origin = self._origin(chat.text, trace)
        spans = self._spans(trace)
        places = [span.start for span in spans]
        labels = []
        for number, (token, start) in enumerate(zip(chat.token_ids, starts, strict=True)):
            inside = number >= chat.n_prompt
            span = spans[max(0, bisect_right(places, start - origin) - 1)] if inside else Span(0, "prompt")
            labels.append(token if self._trained(span) else IGNORED)
        stop = self.max_length
        return {"input_ids": chat.token_ids[:stop], "labels": labels[:stop], "id": trace.id}

    def _trained(self, span: Span) -> bool:
        if span.section == "reasoning" and self.kinds:
            return span.kind in self.kinds
        return span.section in self.train

    def _spans(self, trace: Trace) -> list[Span]:
        """The sections of the completion in order."""
        if not trace.reasoning:
            return [Span(0, "answer")]
        if self.kinds and not trace.segments:
            raise UserError(
                f"Trace {trace.id} has no segments, so its kinds are unknown: add 'segment' to the recipe after its "
                "last mapper, or leave kinds empty."
            )
        first = len(HEAD)
        inner = [Span(first + segment.start, "reasoning", segment.kind) for segment in trace.segments]
        close = first + len(trace.reasoning)
        answer = len(render_completion(trace)) - len(trace.answer)
        return [Span(0, "reasoning"), *inner, Span(close, "reasoning"), Span(answer, "answer")]

    def _origin(self, text: str, trace: Trace) -> int:
        """Where the completion begins in the rendered text."""
        place = text.rfind(render_completion(trace).strip())
        if place < 0:
            raise UserError(
                f"The chat template of '{self.tokenizer}' leaves out a part of trace {trace.id}, so it cannot be "
                "labelled; see what the student sees, and choose another student."
            )
        return place


def _starts(tokenizer: Any, text: str, name: str) -> list[int]:  # noqa: ANN401  (a transformers tokenizer)
    """Where each token begins in the text."""
    if not tokenizer.is_fast:
        raise UserError(f"The tokenizer of '{name}' gives no offsets, so its tokens cannot be labelled by section.")
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    return [start for start, _ in encoded["offset_mapping"]]
