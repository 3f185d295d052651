"""Alpaca: `{"instruction": .., "input": "", "output": "<think>.."}`."""

from pathlib import Path
from typing import Literal

from curation.exports.base import Card, Content, Format, write_lines
from curation.exports.render import render_completion, render_prompt
from curation.trace import Trace


class Alpaca(Format):
    """Instruction, input and output, one a line; as Stanford Alpaca's trainers read it."""

    format: Literal["alpaca"] = "alpaca"

    def write(self, content: Content, out: Path, card: Card | None) -> int:
        """Write one instruction a line."""
        return write_lines((instruction(trace) for trace in content.traces()), out)


def instruction(trace: Trace) -> dict[str, str]:
    """The question and the rendered trace as an instruction without input."""
    return {"instruction": render_prompt(trace), "input": "", "output": render_completion(trace), "id": trace.id}
