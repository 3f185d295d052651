"""Chat messages: `{"messages": [{"role": "user", ..}, {"role": "assistant", "content": "<think>.."}]}`."""

from pathlib import Path

from curation.exports.base import Card, Content, write_lines
from curation.exports.render import render_completion, render_prompt
from curation.trace import Trace


def export(content: Content, out: Path, card: Card | None) -> int:
    """Write one conversation of two messages a line."""
    return write_lines(({"messages": messages(trace), "id": trace.id} for trace in content.traces()), out)


def messages(trace: Trace) -> list[dict[str, str]]:
    """The question and the rendered trace as two messages."""
    return [
        {"role": "user", "content": render_prompt(trace)},
        {"role": "assistant", "content": render_completion(trace)},
    ]
