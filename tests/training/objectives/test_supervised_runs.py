"""The supervised objectives on traces that ship: each run ends, and its loss has fallen."""

import gzip
import json
from statistics import fmean

import pytest

from curation.job import Job
from curation.operators.chunk import Chunk
from curation.runs import PROJECT, create
from curation.trace import Problem, Trace
from training.launch import train_request
from training.objectives.chunkwise import Chunkwise
from training.objectives.sft import Sft
from training.objectives.sft_staged import SftStaged
from training.student import resolve
from training.train import train

SIZE = {"max_train_tokens": 12_000, "batch_tokens": 600}


@pytest.fixture(scope="module")
def traces():
    with gzip.open(PROJECT / "data" / "samples" / "teacher_traces.jsonl.gz", "rt") as file:
        rows = [json.loads(next(file)) for _ in range(40)]
    parts = [(row, row["generation"].removeprefix("<think>\n").partition("\n</think>\n")) for row in rows]
    return [Trace(Problem(row["question"]), reasoning, answer) for row, (reasoning, _, answer) in parts if answer]


@pytest.mark.slow
@pytest.mark.parametrize(
    "objective",
    [Sft(sections=["reasoning"], **SIZE), SftStaged(n_stages=2, shots=0, **SIZE), Chunkwise(**SIZE)],
    ids=lambda objective: objective.title(),
)
def test_a_run_on_shipped_traces_lowers_the_loss(objective, traces, make_set, tmp_path):
    rows = traces
    if isinstance(objective, Chunkwise):
        rows = [chunk for trace in traces for chunk in Chunk(by="sentences", n_chunks=3).map(trace)]
    run = create(tmp_path / "runs", train_request(make_set(rows), objective, resolve("base", tmp_path)))
    train(Job(run))
    losses = [line["loss"] for line in run.metrics() if "loss" in line]
    quarter = len(losses) // 4
    assert fmean(losses[-quarter:]) < 0.8 * fmean(losses[:quarter])
