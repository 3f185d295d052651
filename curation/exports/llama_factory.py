"""A data folder for LLaMA-Factory: one file of rows and the dataset_info.json that says how to read it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from curation.exports.alpaca import instruction
from curation.exports.base import Card, Content, Format, complete_folder, write_lines
from curation.exports.pairs import Pairs
from curation.exports.sharegpt import conversation
from curation.params import ScoreName

FILE = "rows.jsonl"
TAGS = {"role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt"}
Layout = Literal["sharegpt", "alpaca", "preference"]
# columns as that project names them, and ours
INFO: dict[Layout, dict[str, Any]] = {
    "sharegpt": {"formatting": "sharegpt", "columns": {"messages": "conversations"}, "tags": TAGS},
    "alpaca": {
        "formatting": "alpaca",
        "columns": {"prompt": "instruction", "query": "input", "response": "output"},
    },
    "preference": {
        "formatting": "sharegpt",
        "ranking": True,
        "columns": {"messages": "conversations", "chosen": "chosen", "rejected": "rejected"},
        "tags": TAGS,
    },
}


class LlamaFactory(Format):
    """A folder for LLaMA-Factory's dataset_dir: rows and dataset_info.json with their columns and tags."""

    format: Literal["llama_factory"] = "llama_factory"
    suffix = ""
    layout: Layout = Field("sharegpt", description="Conversations, instructions, or preference pairs")
    right: ScoreName = Field("correct", description="Flag that tells right from wrong, for preference pairs")
    other_set: str = Field("", description="Set that gives the wrong traces of pairs; empty: this one")

    def write(self, content: Content, out: Path, card: Card | None) -> int:
        """Write the folder; one that exists is never overwritten."""
        info = {(card.name if card else out.name): {"file_name": FILE, **INFO[self.layout]}}
        with complete_folder(out) as temporary:
            rows = write_lines(self._rows(content), temporary / FILE)
            (temporary / "dataset_info.json").write_text(json.dumps(info, indent=2), encoding="utf-8")
        return rows

    def _rows(self, content: Content) -> Iterator[dict[str, Any]]:
        if self.layout == "alpaca":
            return (instruction(trace) for trace in content.traces())
        if self.layout == "sharegpt":
            return ({"conversations": conversation(trace), "id": trace.id} for trace in content.traces())
        found = Pairs(right=self.right, other_set=self.other_set).pairs(content)
        return (
            {
                "conversations": [{"from": "human", "value": pair.prompt}],
                "chosen": {"from": "gpt", "value": pair.chosen},
                "rejected": {"from": "gpt", "value": pair.rejected},
                "chosen_id": pair.chosen_id,
                "rejected_id": pair.rejected_id,
            }
            for pair in found
        )
