"""Alpaca: `{"instruction": .., "input": "", "output": "<think>.."}`."""

from collections.abc import Iterable
from pathlib import Path

from curation.exports.base import Card, Scores, write_lines
from curation.exports.render import render_completion, render_prompt
from curation.trace import Trace


def export(traces: Iterable[Trace], out: Path, card: Card | None, scores: Scores | None) -> int:
    """Write one instruction a line."""
    rows = (
        {"instruction": render_prompt(trace), "input": "", "output": render_completion(trace), "id": trace.id}
        for trace in traces
    )
    return write_lines(rows, out)
