"""Steps taken together: what follows an annotator reads each trace in the same pass, of the rows that are left.

Annotators of single traces go on, selectors that look at nothing but what was just measured, and at last a mapper.
Each step's results are parts of its own, as if it had been taken alone, so its turn finds them done.
"""

import atexit
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cache
from itertools import compress, count
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from curation.application.batches import Mapped, annotate_batch, map_batch, segmented
from curation.asker import Asker
from curation.lean import without_cycles
from curation.operator import Annotator, CorpusAnnotator, Mapper, Operator, QueryAnnotator, Selector, TableSelector
from curation.table import write_part
from curation.trace import Trace

NEEDS_ALL = (QueryAnnotator, CorpusAnnotator, TableSelector)  # steps that look at all rows at once


class Found(NamedTuple):
    """What the annotators measured of a batch, in their order, and what the mapper made; less where no row is left."""

    measured: list[pa.Table]
    mapped: Mapped | None = None


def together(
    first: Annotator, steps: Sequence[Operator], unknown: Callable[[Sequence[Operator]], bool]
) -> list[Operator]:
    """An annotator and those of the next steps that go on with its batches, while of the last nothing is known."""
    taken: list[Operator] = [first]
    for step in steps:
        if isinstance(taken[-1], Mapper) or not _goes_on(step, taken) or not unknown([*taken, step]):
            break
        taken.append(step)
    while isinstance(taken[-1], Selector):
        taken.pop()
    return taken


def _goes_on(step: Operator, taken: Sequence[Operator]) -> bool:
    annotators = [one for one in taken if isinstance(one, Annotator)]
    if step.asks() or step.needs_vectors or step in taken or isinstance(step, NEEDS_ALL):
        return False
    if isinstance(step, Selector):
        return step.decide().alone and set(step.needs()) <= {name for one in annotators for name in one.adds()}
    return not step.needs_segments or any(one.adds_segments for one in annotators)


def take_batch(steps: Sequence[Operator], traces: list[Trace], asker: Asker | None = None) -> Found:
    """What each step finds of the traces that those before it leave."""
    with nullcontext() if asker else without_cycles():
        return _take(steps, traces, asker)


def _take(steps: Sequence[Operator], traces: list[Trace], asker: Asker | None) -> Found:
    measured, scores = list[pa.Table](), dict[str, pa.ChunkedArray]()
    segments: pa.Table | None = None
    for step in steps:
        if isinstance(step, Selector):
            kept = _kept(step, pa.table(scores))
            traces = list(compress(traces, kept.to_pylist()))
            scores = {name: column.filter(kept) for name, column in scores.items()}
            if not traces:
                break
            continue
        parted = step.needs_segments or isinstance(step, Mapper)
        given = segmented(traces, segments) if parted and segments is not None else traces
        if isinstance(step, Mapper):
            return Found(measured, map_batch(step, given))
        assert isinstance(step, Annotator)
        measured.append(annotate_batch(step, given, asker))
        scores |= {name: measured[-1].column(name) for name in step.adds()}
        if step.adds_segments:
            segments = measured[-1].select(["id", "segments"]).drop_null()
    return Found(measured)


def _kept(step: Selector, rows: pa.Table) -> pa.ChunkedArray:
    """Whether each row is kept, as the engine asks it of all rows at once."""
    with _deciding().cursor() as connection:
        connection.register("rows", rows)
        kept = connection.sql(f"SELECT coalesce(({step.decide().keep}), FALSE) FROM rows").to_arrow_table()
    return kept.column(0)


@cache  # making one takes 14 ms
def _deciding() -> duckdb.DuckDBPyConnection:
    atexit.register(_deciding.cache_clear)  # what is left open at the end is complained of
    return duckdb.connect(config={"threads": 1})  # in memory


class Written:
    """The parts of steps that are taken together, each in a folder of its own."""

    def __init__(self, folders: Sequence[Path], known: int) -> None:
        """The folders of the annotators and of the mapper, in order; the first holds so many parts."""
        self.folders, self.first = folders, list[Path]()
        self._numbers = [count(known), *(count() for _ in folders[1:])]

    def add(self, found: Found) -> None:
        """Write what was found of a batch, the first step's part last: where it is, all others are."""
        if found.mapped:
            number = next(self._numbers[-1])
            write_part(found.mapped.verdicts, self.folders[-1] / f"verdict-{number:05d}.parquet")
            write_part(found.mapped.traces, self.folders[-1] / f"part-{number:05d}.parquet")
        for place, part in reversed(list(enumerate(found.measured))):
            path = self.folders[place] / f"part-{next(self._numbers[place]):05d}.parquet"
            write_part(part, path)
        self.first.append(path)
