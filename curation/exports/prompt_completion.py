"""Prompt and completion; the line break between them begins the completion."""

from collections.abc import Iterable
from pathlib import Path

from curation.exports.base import Card, Scores, write_lines
from curation.exports.render import render_completion, render_prompt
from curation.trace import Trace


def export(traces: Iterable[Trace], out: Path, card: Card | None, scores: Scores | None) -> int:
    """Write one pair a line."""
    return write_lines(({**pair(trace), "id": trace.id} for trace in traces), out)


def pair(trace: Trace) -> dict[str, str]:
    """The prompt and the completion of a trace."""
    return {"prompt": render_prompt(trace), "completion": "\n" + render_completion(trace)}
