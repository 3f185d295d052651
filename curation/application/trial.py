"""A trial: a step that asks models applied to a few traces, with what was asked and how long it took."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

from curation.application.batches import annotate_batch, map_batch
from curation.asker import Asker
from curation.operator import Annotator, Mapper, Operator
from curation.runs import replace_text
from curation.table import write_part
from curation.trace import Trace

SCORES, VERDICTS, TRACES, PACE = "scores.parquet", "verdicts.parquet", "part-00000.parquet", "pace.json"


def write_trial(step: Operator, traces: Sequence[Trace], asker: Asker, out: Path) -> None:
    """Apply the step; rows that fail are part of the outcome, however many they are."""
    asker.step = step.title()
    prices = {name: asker.price(name) for name in step.asks()}  # opens the models, which is no part of the pace
    began = time.monotonic()
    _write(step, traces, asker, out)
    seconds = round(time.monotonic() - began, 3)
    replace_text(out / PACE, json.dumps({"seconds": seconds, "prices": prices}))


def _write(step: Operator, traces: Sequence[Trace], asker: Asker, out: Path) -> None:
    if isinstance(step, Mapper):
        mapped = map_batch(step, list(traces), asker)
        write_part(mapped.traces, out / TRACES)
        write_part(mapped.verdicts, out / VERDICTS)
    else:
        assert isinstance(step, Annotator)  # selectors ask nobody
        write_part(annotate_batch(step, list(traces), asker), out / SCORES)
