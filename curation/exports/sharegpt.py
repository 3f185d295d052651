"""ShareGPT: `{"conversations": [{"from": "human", ..}, {"from": "gpt", "value": "<think>.."}]}`."""

from pathlib import Path
from typing import Literal

from curation.exports.base import Card, Content, Format, write_lines
from curation.exports.render import render_completion, render_prompt
from curation.trace import Trace


class ShareGpt(Format):
    """Turns of human and gpt, one conversation a line; for LLaMA-Factory, Axolotl and FastChat."""

    format: Literal["sharegpt"] = "sharegpt"

    def write(self, content: Content, out: Path, card: Card | None) -> int:
        """Write one conversation a line."""
        return write_lines(({"conversations": conversation(trace), "id": trace.id} for trace in content.traces()), out)


def conversation(trace: Trace) -> list[dict[str, str]]:
    """The question and the rendered trace as two turns."""
    return [
        {"from": "human", "value": render_prompt(trace)},
        {"from": "gpt", "value": render_completion(trace)},
    ]
