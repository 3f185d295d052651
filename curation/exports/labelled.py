"""Tokens and labels: each row in a student's chat template, loss on the chosen sections only, -100 elsewhere.

TRL's SFTTrainer takes such rows as they are. Sections are the prompt, the reasoning with its think tags, the answer
with the end of the turn, and the kinds of segments of the reasoning.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from curation.errors import UserError
from curation.exports.base import Card, Content, Format, write_lines
from curation.params import Positive, TokenizerName
from curation.rendering import Section, render_chat, student_tokenizer
from curation.sections import Loss, trained
from curation.trace import Kind, Trace

IGNORED = -100  # the label torch's cross-entropy skips


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
        chat = render_chat(student_tokenizer(self.tokenizer), trace)
        if "text_lost" in chat.marks:
            raise UserError(
                f"The chat template of '{self.tokenizer}' leaves out a part of trace {trace.id}, so it cannot be "
                "labelled; see what the student sees, and choose another student."
            )
        labels = [IGNORED] * len(chat.token_ids)
        for start, stop in trained(chat, trace, Loss(tuple(self.train), tuple(self.kinds))):
            labels[start:stop] = chat.token_ids[start:stop]
        end = self.max_length
        return {"input_ids": chat.token_ids[:end], "labels": labels[:end], "id": trace.id}
