"""Prompt and completion; the line break between them begins the completion."""

from pathlib import Path
from typing import Literal

from curation.exports.base import Card, Content, Format, write_lines
from curation.exports.render import render_completion, render_prompt
from curation.trace import Trace


class PromptCompletion(Format):
    """Prompt and completion, one pair a line; TRL trains on the completion only."""

    format: Literal["prompt_completion"] = "prompt_completion"

    def write(self, content: Content, out: Path, card: Card | None) -> int:
        """Write one pair a line."""
        return write_lines(({**pair(trace), "id": trace.id} for trace in content.traces()), out)


def pair(trace: Trace) -> dict[str, str]:
    """The prompt and the completion of a trace."""
    return {"prompt": render_prompt(trace), "completion": "\n" + render_completion(trace)}
