"""Alpaca: `{"instruction": .., "input": "", "output": "<think>.."}`."""

from pathlib import Path

from curation.exports.base import Card, Content, write_lines
from curation.exports.render import render_completion, render_prompt


def export(content: Content, out: Path, card: Card | None) -> int:
    """Write one instruction a line."""
    rows = (
        {"instruction": render_prompt(trace), "input": "", "output": render_completion(trace), "id": trace.id}
        for trace in content.traces()
    )
    return write_lines(rows, out)
