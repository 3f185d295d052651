"""Evaluate runs as a study reads them, and a study's task whose runs are worked on in this process."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from curation.models import Completion
from curation.runs import Request, Run, create
from curation.sets.frozen import freeze_at
from curation.table import write_part
from curation.trace import Problem
from training.evaluate import SAMPLES, grade, scores
from training.strategy import Attempt
from training.studies.launch import study_run
from training.studies.study import Study

Row = tuple[str, bool, int]  # problem, right, tokens
SMALL = {
    "objective": {"objective": "sft", "max_train_tokens": 300, "batch_tokens": 200},
    "strategy": {"strategy": "greedy", "max_new_tokens": 2},
}


@pytest.fixture
def evaluated(tmp_path: Path) -> Callable[..., Run]:
    """A finished evaluate run with these answers."""

    def make(rows: Sequence[Row], drafts: Sequence[Row] = ()) -> Run:
        run = create(tmp_path / "runs", Request(kind="evaluate", worker="training.worker", title="e"))
        table = pa.Table.from_pylist([_sample(row) for row in rows], schema=SAMPLES)
        kept = [_sample(row, draft=True) for row in drafts]
        whole = pa.concat_tables([table, pa.Table.from_pylist(kept, schema=SAMPLES)])
        write_part(whole, run.out / "samples.parquet")
        (run.out / "scores.json").write_text(json.dumps(scores(table)))
        return run

    return make


def _sample(row: Row, draft: bool = False) -> dict:
    name, right, tokens = row
    text = f"\\boxed{{{1 if right else 2}}}"
    return grade(Attempt(Problem(name, "1"), Completion(text, (7,) * tokens, "stop"), draft=draft), 0.5)


@pytest.fixture
def begin(tmp_path: Path, student_folder: Path, make_benchmark: Callable[..., Path]) -> Callable[..., Run]:
    """The run of a study of the tiny student on two sums, not launched."""

    def make(**values: object) -> Run:
        bench = make_benchmark([{"question": "1 + 1?", "answer": "2"}, {"question": "2 + 2?", "answer": "4"}])
        base = {"name": "s", "student": str(student_folder), "benchmark": str(bench), "seeds": [0], **SMALL}
        return study_run(tmp_path, Study.parse({**base, **values}), partial(freeze_at, tmp_path))

    return make
