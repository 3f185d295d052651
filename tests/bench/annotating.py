"""How many traces a second each annotator measures on one core, beside one count of words in DuckDB on one core."""

from collections.abc import Iterator
from itertools import islice

import duckdb

from curation.application.batches import annotate_batch
from curation.operator import OPERATORS, Annotator
from curation.table import to_table
from curation.trace import Trace
from tests.bench.bench import Bench
from tests.bench.clock import processor
from tests.bench.figures import Figure
from tests.bench.traces import traces

PACE = "traces/s of processor time"
SOME = 1000  # traces; enough for a second each
NAMES = ("count_tokens", "segment", "verify_answer", "repetition", "count_behaviours", "detect_language", "embed")


def figures(bench: Bench) -> Iterator[Figure]:
    """The basics, and what else reads whole texts without a model."""
    some = list(islice(traces(min(bench.rows, SOME)), SOME))
    beside = len(some) / processor(lambda: _words(some))
    for name in NAMES:
        step = OPERATORS.parse({"op": name})
        assert isinstance(step, Annotator)
        annotate_batch(step, some[:100])  # imports and tables that are made once
        pace = len(some) / processor(lambda step=step: annotate_batch(step, some))
        yield Figure(
            f"annotate: {name}", pace, "traces/s of processor time", len(some), "words counted in DuckDB", beside
        )


def _words(some: list[Trace]) -> None:
    table = to_table(some)
    connection = duckdb.connect(config={"threads": 1})
    connection.register("texts", table)
    connection.execute("SELECT sum(len(string_split(reasoning, ' '))) FROM texts").fetchall()
