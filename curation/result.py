"""Result: what an application of a recipe left, made for the next question rather than for printing."""

import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import duckdb
import pyarrow as pa

from curation.batches import with_segments
from curation.operator import Operator, column, literal
from curation.report import StepReport
from curation.sources import Source
from curation.table import LIGHT, to_table
from curation.trace import Trace

# The rows a threshold decides most narrowly: `below` and `above` are the dropped values next to the kept range.
BORDERLINE = """
WITH judged AS (SELECT id, TRY_CAST(value AS DOUBLE) AS value, verdict = 'kept' AS kept, reason FROM verdict_{step}),
kept AS (SELECT min(value) AS low, max(value) AS high FROM judged WHERE kept),
edges AS (
    SELECT max(value) FILTER (value < low) AS below, min(value) FILTER (value > high) AS above, any_value(low) AS low,
           any_value(high) AS high FROM judged, kept WHERE NOT judged.kept
),
near AS (
    SELECT judged.*, CASE WHEN judged.kept THEN least(coalesce(value - below, 'inf'), coalesce(above - value, 'inf'))
           WHEN value < low THEN low - value ELSE value - high END AS distance
    FROM judged, edges WHERE value IS NOT NULL
)
SELECT id, value, kept, reason FROM near
QUALIFY row_number() OVER (PARTITION BY kept ORDER BY distance, id) <= $n ORDER BY value, id
"""


class Example(NamedTuple):
    """A trace before a mapper and what it became."""

    before: Trace
    after: list[Trace]


class Result:
    """Reports, survivors and verdicts; a context manager, since it holds a connection."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        steps: list[Operator],
        reports: list[StepReport],
        sources: list[Source],
    ) -> None:
        """Made by engine.apply; `sources[n]` is where step n+1 read its traces."""
        self.connection, self.steps, self.reports, self.sources = connection, steps, reports, sources
        self.scratch: Path | None = None  # removed on close, where the caller gave one away

    def __enter__(self) -> Self:
        """The result itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Close the connection and remove a scratch folder that was given away."""
        self.connection.close()
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def rows(self) -> pa.Table:
        """Light columns and scores of the surviving rows, in order."""
        return self.connection.sql("SELECT * EXCLUDE (pos) FROM rows ORDER BY pos").to_arrow_table()

    def scores(self) -> list[str]:
        """Names of the scores the surviving rows carry."""
        names = [row[0] for row in self.connection.execute("DESCRIBE rows").fetchall()]
        return [name for name in names if name not in LIGHT and name != "pos"]

    def count(self, expression: str) -> int:
        """An aggregate over the surviving rows."""
        found = self.connection.execute(f"SELECT {expression} FROM rows").fetchone()
        return int(found[0]) if found else 0

    def with_scores(self, traces: list[Trace], scores: list[str]) -> pa.Table:
        """Traces as a table of SCHEMA with their scores as further columns."""
        table = to_table(traces)
        if not scores:
            return table
        names = ", ".join(column(name) for name in scores)
        self.connection.register("wanted", pa.table({"id": table.column("id"), "place": pa.array(range(len(traces)))}))
        found = self.connection.sql(f"SELECT {names} FROM wanted JOIN rows USING (id) ORDER BY place").to_arrow_table()
        for name in scores:
            table = table.append_column(name, found.column(name))
        return table

    def traces(self) -> Iterator[list[Trace]]:
        """The surviving traces in order, in batches, with their segments."""
        ids = {row[0] for row in self.connection.execute("SELECT id FROM rows").fetchall()}
        yield from with_segments(self.connection.cursor(), self.sources[-1].traces(ids))

    def borderline(self, step: int, n: int = 5) -> pa.Table:
        """The n kept and n dropped rows nearest to a selector's threshold: id, value, kept, reason."""
        return self.connection.sql(BORDERLINE.format(step=step), params={"n": n}).to_arrow_table()

    def examples(self, step: int, n: int = 5) -> list[Example]:
        """The first n traces a mapper changed, before and after."""
        query = f"SELECT id, became FROM verdict_{step} WHERE verdict = 'changed' LIMIT {n}"
        became = dict(self.connection.execute(query).fetchall())
        unsegmented = iter([_take(self.sources[step - 1], set(became))])
        before = next(with_segments(self.connection.cursor(), unsegmented, f"segments_{step}"))
        after = {t.id: t for t in _take(self.sources[step], {child for ids in became.values() for child in ids})}
        return [Example(trace, [after[child] for child in became[trace.id]]) for trace in before]

    def write_ledger(self, path: Path) -> None:
        """One row per trace and step: value, threshold, verdict and reason."""
        temporary = path.with_suffix(".tmp")
        steps = [
            f"SELECT {n} AS step, '{step.title()}' AS op, id AS trace_id, verdict, TRY_CAST(value AS DOUBLE) AS "
            f"value, CAST(value AS VARCHAR) AS label, threshold, reason, became FROM verdict_{n}"
            for n, step in enumerate(self.steps, 1)
        ]
        query = " UNION ALL ".join(steps) or "SELECT NULL::INT AS step WHERE FALSE"
        self.connection.execute(f"COPY ({query}) TO {literal(str(temporary))} (FORMAT parquet, COMPRESSION zstd)")
        temporary.rename(path)


def _take(source: Source, ids: set[str]) -> list[Trace]:
    return list(islice((trace for batch in source.traces(ids) for trace in batch), len(ids)))
