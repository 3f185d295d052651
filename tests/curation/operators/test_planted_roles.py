"""The shipped teacher traces say what each paragraph was written for; segments and pruning have to find it again."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from curation.answers import first_correct
from curation.operators.compress import Compress
from curation.operators.drop_segments import DropSegments
from curation.operators.label_segments import LabelSegments
from curation.operators.repetition import Repetition
from curation.operators.segment import SegmentReasoning
from curation.operators.verify_answer import VerifyAnswer
from curation.trace import Problem, Trace

SAMPLES = Path(__file__).resolve().parents[3] / "data/samples"
ENDLESS = ("loop", "truncated")


def rows(name):
    with gzip.open(SAMPLES / name, "rt", encoding="utf-8") as lines:
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


def test_every_planted_slip_is_found_as_a_wrong_sum(planted):
    slipped = [trace for trace, truth in planted if has_slip(truth)]
    sound = [trace for trace, truth in planted if not has_slip(truth) and truth["noise"] == "none"]
    found = [n_wrong(trace) > 0 for trace in slipped]
    assert sum(found) / len(found) > 0.99
    assert [trace for trace in sound if n_wrong(trace)] == []


def test_the_answer_is_reached_where_the_planted_way_ends(planted):
    right = [(trace, truth) for trace, truth in planted if truth["noise"] == "none"]
    ends = [max(span["end"] for span in truth["spans"] if span["role"] == "main") for _, truth in right]
    reached = [first_correct(trace) for trace, _ in right]
    late = [at is None or at > end for at, end in zip(reached, ends, strict=True)]
    # some reach the number earlier, in passing
    near = [end - 60 <= (at or 0) for at, end in zip(reached, ends, strict=True)]
    assert not any(late)
    assert sum(near) / len(near) > 0.8


def test_compressing_keeps_the_way_to_the_answer_before_checks(planted):
    kept = {role: [0, 0] for role in ("main", "check", "redo", "filler")}
    for trace, truth in planted[:500]:
        short = Compress(rate=0.5).map(trace)[0].reasoning
        for span in truth["spans"]:
            if span["role"] in kept:
                kept[span["role"]][0] += trace.reasoning[span["start"] : span["end"]].strip() in short
                kept[span["role"]][1] += 1
    share = {role: found / all_ for role, (found, all_) in kept.items()}
    assert share["main"] > 0.7
    assert max(share[role] for role in ("check", "redo", "filler")) < 0.25


def has_slip(truth):
    return any(span["role"] == "slip" for span in truth["spans"])


def n_wrong(trace):
    return LabelSegments().annotate(trace).scores["n_wrong_claims"]


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
