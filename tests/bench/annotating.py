"""How many traces a second each annotator measures on one core, beside one count of words in DuckDB on one core."""

from collections.abc import Iterator
from itertools import islice

import duckdb

from curation.application.batches import annotate_batch
from curation.operator import OPERATORS, Annotator
from curation.table import to_table
from curation.trace import Trace
from tests.bench.bench import Bench
from tests.bench.clock import seconds
from tests.bench.figures import Figure
from tests.bench.traces import traces

SOME = 5000  # traces; enough for seconds each
BATCH = 1000
NAMES = ("count_tokens", "segment", "verify_answer", "repetition", "count_behaviours", "detect_language", "embed")


def figures(bench: Bench) -> Iterator[Figure]:
    """The basics, and what else reads whole texts without a model."""
    some = list(islice(traces(min(bench.rows, SOME)), SOME))
    beside = len(some) / seconds(lambda: _words(some))
    for name in NAMES:
        step = OPERATORS.parse({"op": name})
        assert isinstance(step, Annotator)
        _annotate(step, some[:100])  # imports and tables that are made once
        pace = len(some) / seconds(lambda step=step: _annotate(step, some))
        yield Figure(f"annotate: {name}", pace, "traces/s a core", len(some), "words counted in DuckDB", beside)


def _annotate(step: Annotator, some: list[Trace]) -> None:
    for low in range(0, len(some), BATCH):
        annotate_batch(step, some[low : low + BATCH])


def _words(some: list[Trace]) -> None:
    table = to_table(some)
    connection = duckdb.connect(config={"threads": 1})
    connection.register("texts", table)
    connection.execute("SELECT sum(len(string_split(reasoning, ' '))) FROM texts").fetchall()
