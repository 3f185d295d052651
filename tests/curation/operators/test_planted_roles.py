"""The shipped teacher traces say what each paragraph was written for; segments and pruning have to find it again."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from curation.operators.drop_segments import DropSegments
from curation.operators.repetition import Repetition
from curation.operators.segment import SegmentReasoning
from curation.operators.verify_answer import VerifyAnswer
from curation.trace import Problem, Trace

SAMPLES = Path(__file__).resolve().parents[3] / "data/samples"
ENDLESS = ("loop", "truncated")


def rows(name):
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"data/samples/{name} is not in this checkout")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def planted():
    """Pairs of a segmented trace and what was planted in it."""
    operator, pairs = SegmentReasoning(splitter="sentence"), []
    for row, truth in zip(rows("teacher_traces.jsonl.gz"), rows("planted.jsonl.gz"), strict=True):
        reasoning, closing, answer = row["generation"].removeprefix("<think>\n").partition("\n</think>\n")
        trace = Trace(Problem(row["question"], row["answer"]), reasoning, answer, closed=bool(closing))
        pairs.append((replace(trace, segments=operator.segments(trace)), truth))
    return pairs


def text_of(trace, truth, roles):
    return "".join(trace.reasoning[span["start"] : span["end"]] for span in truth["spans"] if span["role"] in roles)


def test_dropping_what_looks_back_leaves_what_was_planted_as_the_way_to_the_answer(planted):
    operator = DropSegments(kinds=["check", "alternative", "backtrack", "filler"])
    roles = ("restate", "main", "slip", "conclusion")
    complete = [(trace, truth) for trace, truth in planted if truth["noise"] not in ENDLESS]
    exact = sum(operator.map(trace)[0].reasoning == text_of(trace, truth, roles) for trace, truth in complete)
    assert exact / len(complete) > 0.95


def test_dropping_mistakes_leaves_no_slip(planted):
    complete = [(trace, truth) for trace, truth in planted if truth["noise"] not in ENDLESS]
    operator, roles = DropSegments(drop_mistakes=True), ("restate", "main", "conclusion")
    exact = sum(operator.map(trace)[0].reasoning == text_of(trace, truth, roles) for trace, truth in complete)
    assert exact / len(complete) > 0.95


def test_only_traces_without_a_planted_fault_are_right(planted):
    right = {truth["noise"] for trace, truth in planted if VerifyAnswer().annotate(trace).scores["correct"]}
    wrong = {truth["noise"] for trace, truth in planted if not VerifyAnswer().annotate(trace).scores["correct"]}
    assert right == {"none"}
    assert "none" not in wrong


def test_repetition_tells_planted_loops_from_complete_traces(planted):
    scored = [(Repetition().annotate(trace).scores["repetition"] or 0, truth["noise"]) for trace, truth in planted]
    caught = [score > 0.3 for score, noise in scored if noise == "loop"]
    accused = [score > 0.3 for score, noise in scored if noise != "loop"]
    assert sum(caught) / len(caught) > 0.95
    assert sum(accused) / len(accused) < 0.02
