"""Ledger: what each step did to each row, and the questions people ask of it."""

from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from curation.application.batches import read_parquet
from curation.errors import UserError

COLUMNS = "step, op, trace_id, verdict, value, label, threshold, reason, other, became"


class Fate(NamedTuple):
    """What one step did to one trace.

    `value` is the number compared and `label` the same as text, `other` the trace kept in its place, `became` the
    traces a mapper made of it.
    """

    step: int
    op: str
    trace_id: str
    verdict: str
    value: float | None
    label: str | None
    threshold: str | None
    reason: str | None
    other: str | None
    became: tuple[str, ...]


class Ledger:
    """A relation of COLUMNS, on a connection that can read it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, relation: str) -> None:
        """The relation is a query."""
        self.connection, self.relation = connection, relation

    @classmethod
    def of_file(cls, path: Path) -> "Ledger":
        """The ledger of a curated set."""
        if not path.is_file():
            raise UserError(f"There is no ledger {path}; freeze the set again to get one.")
        return cls(duckdb.connect(), f"SELECT {COLUMNS} FROM {read_parquet([path])}")  # in memory

    def why(self, trace_id: str) -> list[Fate]:
        """Everything that happened to a trace, to what it was made from and to what was made of it, in order."""
        family = self._reach(trace_id, "SELECT trace_id FROM ledger WHERE list_has_any(became, $ids)")
        family |= self._reach(trace_id, "SELECT unnest(became) FROM ledger WHERE trace_id IN (SELECT unnest($ids))")
        query = f"SELECT {COLUMNS} FROM ledger WHERE trace_id IN (SELECT unnest($ids)) ORDER BY step, trace_id"
        return [Fate._make([*row[:9], tuple(row[9] or ())]) for row in self._ask(query, family)]

    def _reach(self, trace_id: str, query: str) -> set[str]:
        """The traces reached by asking again and again, the first one among them."""
        reached, new = {trace_id}, {trace_id}
        while new:
            new = {row[0] for row in self._ask(query, new)} - reached
            reached |= new
        return reached

    def _ask(self, query: str, ids: set[str]) -> list[tuple[Any, ...]]:
        return self.connection.execute(f"WITH ledger AS ({self.relation}) {query}", {"ids": sorted(ids)}).fetchall()

    def back(
        self, step: int, minimum: float | None = None, maximum: float | None = None, limit: int = 1000
    ) -> pa.Table:
        """Rows a step dropped whose value lies in these bounds: trace_id, value, reason."""
        low = "TRUE" if minimum is None else f"value >= {minimum!r}"
        high = "TRUE" if maximum is None else f"value <= {maximum!r}"
        query = (
            f"SELECT trace_id, value, reason FROM ({self.relation}) WHERE step = {step:d} AND verdict = 'dropped' "
            f"AND {low} AND {high} ORDER BY value, trace_id LIMIT {limit:d}"
        )
        return self.connection.sql(query).to_arrow_table()
