"""Chat messages: `{"messages": [{"role": "user", ..}, {"role": "assistant", "content": "<think>.."}]}`."""

from pathlib import Path
from typing import Literal

from curation.exports.base import Card, Content, Format, write_lines
from curation.exports.render import render_completion, render_prompt
from curation.trace import Trace


class Messages(Format):
    """Chat messages, one conversation a line; what TRL and most trainers read."""

    format: Literal["messages"] = "messages"

    def write(self, content: Content, out: Path, card: Card | None) -> int:
        """Write one conversation of two messages a line."""
        return write_lines(({"messages": messages(trace), "id": trace.id} for trace in content.traces()), out)


def messages(trace: Trace) -> list[dict[str, str]]:
    """The question and the rendered trace as two messages."""
    return [
        {"role": "user", "content": render_prompt(trace)},
        {"role": "assistant", "content": render_completion(trace)},
    ]
