"""A trial: a step that asks models applied to a few traces, with what was asked and how long it took."""

import json
import time
from pathlib import Path

import pyarrow as pa

from curation.application.batches import Known, annotate_batch, map_batch, sketch_batch
from curation.asker import Asker
from curation.operator import Annotator, CorpusAnnotator, Mapper, Operator
from curation.runs import replace_text
from curation.table import write_part
from curation.trace import Trace

SCORES, VERDICTS, TRACES, ROWS, PACE = (
    "scores.parquet", "verdicts.parquet", "part-00000.parquet", "rows.parquet", "pace.json",
)  # fmt: skip


def write_trial(step: Operator, traces: list[Trace], rows: pa.Table, asker: Asker, out: Path) -> None:
    """Apply the step; rows that fail are part of the outcome, however many they are.

    `rows`, in order, has id, problem_id, pos, the other metadata and the scores and vectors that the step reads.
    """
    asker.step = step.title()
    prices = {name: asker.price(name) for name in step.asks()}  # opens the models, which is no part of the pace
    began = time.monotonic()
    if isinstance(step, Mapper):
        mapped = map_batch(step, traces, asker, _known(step, rows))
        write_part(mapped.traces, out / TRACES)
        write_part(mapped.verdicts, out / VERDICTS)
    else:
        assert isinstance(step, Annotator)  # selectors ask nobody
        if isinstance(step, CorpusAnnotator):
            scores = _compared(step, traces, rows, asker)
        else:
            scores = annotate_batch(step, traces, asker)
        write_part(scores, out / SCORES)
    seconds = round(time.monotonic() - began, 3)
    replace_text(out / PACE, json.dumps({"seconds": seconds, "prices": prices}))


def _known(step: Operator, rows: pa.Table) -> Known:
    return {row["id"]: {name: row[name] for name in step.needs()} for row in rows.to_pylist()}


def _compared(step: CorpusAnnotator, traces: list[Trace], rows: pa.Table, asker: Asker) -> pa.Table:
    """What a comparison of these rows finds, and why some could not be compared."""
    sketched = {row["id"]: row for row in sketch_batch(step, traces).to_pylist()} if step.sketch_type else {}
    if step.sketch_type:
        sketches = [sketched[name]["sketch"] for name in rows["id"].to_pylist()]
        rows = rows.append_column("sketch", pa.array(sketches, step.sketch_type))
    found = step.conclude_with(rows, asker)
    failures = [sketched.get(name, {}).get("failure") for name in found["id"].to_pylist()]
    return found.append_column("failure", pa.array(failures, pa.string()))
