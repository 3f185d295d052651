import gzip
import json
from pathlib import Path

import pytest

from curation.imports.layouts import convert
from curation.imports.layouts.base import Context
from curation.imports.mapping import Mapping
from curation.runs import PROJECT
from curation.trace import Problem, Trace
from training.rows.data import pieces, render
from training.rows.reading import PLAIN, Reading

AGENTS = Path(PROJECT).parent / "shared" / "data" / "agents" / "fireact_hotpotqa_messages.jsonl.gz"


def test_the_plain_reading_needs_no_key_and_any_other_has_its_own():
    assert PLAIN.key() == Reading().key() == ""
    others = {Reading(instruction="Now {question}").key(), Reading(before={"a": "b"}).key()}
    assert len(others) == 2


def test_what_stands_before_the_question_is_two_lines_above_it():
    trace = Trace(Problem("1 + 2? "), "3", "3")
    reading = Reading(instruction="Solve: {question}", before={trace.id: "Add."})
    assert reading.prompt(trace) == ({"role": "user", "content": "Add.\n\nSolve: 1 + 2?"},)


@pytest.mark.skipif(not AGENTS.exists(), reason="shared/data/agents is not beside this checkout")
def test_of_imported_agent_logs_exactly_the_assistants_messages_are_trained(tokenizer):
    rows = [json.loads(line) for line in gzip.decompress(AGENTS.read_bytes()).splitlines()]
    assert len(rows) > 50
    for number, row in enumerate(rows):
        trace = convert(row, Mapping(layout="messages", messages="messages"), Context("f", number, "d"))
        rendered = render(tokenizer, trace.traces[0], 100_000)
        trained = "".join(piece.text for piece in pieces(tokenizer, rendered) if piece.trained)
        said = [message["content"].strip() for message in row["messages"] if message["role"] == "assistant"]
        assert [turn.strip() for turn in trained.split("<|e|>")[:-1]] == said
