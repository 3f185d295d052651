"""Result: what an application of a recipe left, made for the next question rather than for printing."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import pyarrow as pa

from curation.application.batches import Batch, Made, with_segments
from curation.application.ledger import Fate, Ledger
from curation.application.memory import Memory
from curation.application.nearest import nearest
from curation.application.report import StepReport
from curation.application.selecting import verdicts_at
from curation.application.sources import Source
from curation.application.state import State
from curation.operator import LABELS, Operator, Selector, column, literal
from curation.table import LIGHT
from curation.trace import Trace

EMPTY = """
SELECT NULL::INTEGER AS step, NULL::VARCHAR AS op, NULL::VARCHAR AS trace_id, NULL::VARCHAR AS verdict,
       NULL::DOUBLE AS value, NULL::VARCHAR AS label, NULL::VARCHAR AS threshold, NULL::VARCHAR AS reason,
       NULL::VARCHAR AS other, NULL::VARCHAR[] AS became WHERE FALSE
"""


class Example(NamedTuple):
    """A trace before a mapper and what it became."""

    before: Trace
    after: list[Trace]


class Result:
    """Reports, survivors and verdicts; a context manager, since it holds a connection."""

    def __init__(
        self, memory: Memory, steps: Sequence[Operator], states: Sequence[State], stopped: str | None = None
    ) -> None:
        """Made by the engine from the state at the start and after each step.

        Its memory ends with it, unless it is a preview's: then `stopped` is text, and says why steps are missing.
        """
        self.memory, self.connection = memory, memory.connection.cursor()  # a cursor: others may use the memory too
        self.steps, self.states, self.stopped = list(steps), list(states), stopped or None
        self._own = stopped is None
        for state in states:
            self._read(state)
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW rows AS {self.alive(len(states) - 1)}")

    def __enter__(self) -> Self:
        """The result itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Close the connection, and the memory unless others go on with it."""
        self.connection.close()
        if self._own:
            self.memory.close()

    def _read(self, state: State) -> State:
        """Let this connection read the flags of a state."""
        if state.left:
            self.connection.register(state.left.name, {"keep": state.left.keep})
        return state

    @property
    def reports(self) -> list[StepReport]:
        """What each step did."""
        return [state.report for state in self.states if state.report]

    def alive(self, step: int) -> str:
        """A query of the rows left after a step (0: at the start), with every score known there, in order."""
        return f"SELECT * EXCLUDE (problem_pos) FROM ({self.states[step].select()}) ORDER BY pos"

    def rows(self) -> pa.Table:
        """Light columns and scores of the surviving rows, in order."""
        return self.connection.sql("SELECT * EXCLUDE (pos) FROM rows ORDER BY pos").to_arrow_table()

    def scores(self) -> list[str]:
        """Names of the scores the surviving rows carry."""
        names = [row[0] for row in self.connection.execute("DESCRIBE rows").fetchall()]
        return [name for name in names if name not in ("pos", *LIGHT, *LABELS)]

    def count(self, expression: str) -> int:
        """An aggregate over the surviving rows."""
        return int(self.connection.execute(f"SELECT {expression} FROM rows").fetchall()[0][0])

    def with_scores(self, table: pa.Table, scores: list[str]) -> pa.Table:
        """Rows of traces with their scores as further columns."""
        if not scores:
            return table
        names = ", ".join(column(name) for name in scores)
        self.connection.register("wanted", pa.table({"id": table.column("id"), "place": range(table.num_rows)}))
        found = self.connection.sql(f"SELECT {names} FROM wanted JOIN rows USING (id) ORDER BY place").to_arrow_table()
        for name in scores:
            table = table.append_column(name, found.column(name))
        return table

    def batches(self) -> Iterator[Batch]:
        """The surviving traces in order, with their segments."""
        state = self.states[-1]
        plain, segments = state.source.batches(self.memory.ids(state.select(()))), self.memory.segments(state)
        yield from with_segments(self.connection.cursor(), plain, segments) if segments else plain

    def traces(self) -> Iterator[list[Trace]]:
        """As `batches`, made traces."""
        return (batch.traces() for batch in self.batches())

    def borderline(self, step: int, n: int = 5) -> pa.Table:
        """The n kept and n dropped rows nearest to a selector's threshold: id, value, kept, reason."""
        selector, before, state = self.steps[step - 1], self.states[step - 1], self.states[step]
        assert isinstance(selector, Selector)
        compared = self.connection.sql(state.values).to_arrow_table()
        places, values = compared.column("pos").to_numpy(), compared.column("value").to_numpy()
        chosen = places[nearest(values, self.memory.keep(state)[places - 1], n)].tolist()
        found = verdicts_at(selector, before, state, chosen) if chosen else state.verdicts
        columns = "id, TRY_CAST(value AS DOUBLE) AS value, verdict = 'kept' AS kept, reason"
        query = f"SELECT {columns} FROM ({found}) ORDER BY value, id LIMIT {len(chosen)}"
        return self.connection.sql(query).to_arrow_table()

    def few(self, n: int, together: bool = False) -> State:
        """The last state with n of its rows, always the same: of as many problems as can be, or of few."""
        state = self.states[-1]
        turn = "0" if together else "row_number() OVER (PARTITION BY problem_id ORDER BY pos)"
        chosen = f"SELECT pos FROM ({state.select(())}) ORDER BY {turn}, hash(problem_id), pos LIMIT {n:d}"
        return self._read(self.memory.only(state, f"few_{n}_{together}_{state.key}", chosen))

    def ids(self, state: State) -> set[str]:
        """The ids of the rows of a state."""
        return {row[0] for row in self.connection.execute(f"SELECT id FROM ({state.select(())})").fetchall()}

    def taken(self, state: State) -> list[Trace]:
        """The few traces of a state, with their segments."""
        ids, segments = self.ids(state), self.memory.segments(state)
        return self.segmented(_take(state.source, ids), segments)

    def segmented(self, traces: list[Trace], segments: str | None) -> list[Trace]:
        """Traces with their segments of a table, where there is one."""
        found = with_segments(self.connection.cursor(), [Made(traces)], segments) if segments else ()
        return next((batch.traces() for batch in found), traces)

    def examples(self, step: int, n: int = 5) -> list[Example]:
        """The first n traces a mapper changed, before and after."""
        before, after = self.states[step - 1], self.states[step]
        query = f"SELECT id, became FROM ({after.verdicts}) WHERE verdict = 'changed' LIMIT {n}"
        became = dict(self.connection.execute(query).fetchall())
        parents = self.segmented(_take(before.source, set(became)), self.memory.loaded_segments(before))
        children = {t.id: t for t in _take(after.source, {child for ids in became.values() for child in ids})}
        return [Example(trace, [children[child] for child in became[trace.id]]) for trace in parents]

    def texts(self, step: int, ids: set[str]) -> list[Trace]:
        """The traces of these ids as they reached a step."""
        return _take(self.states[step - 1].source, ids)

    def ledger(self) -> Ledger:
        """One row per trace and step: value, threshold, verdict and reason."""
        steps = [
            f"SELECT {n} AS step, '{step.title()}' AS op, id AS trace_id, verdict, TRY_CAST(value AS DOUBLE) AS "
            f"value, CAST(value AS VARCHAR) AS label, threshold, reason, other, became FROM ({state.verdicts})"
            for n, (step, state) in enumerate(zip(self.steps, self.states[1:], strict=True), 1)
            if state.verdicts
        ]
        return Ledger(self.connection, " UNION ALL ".join(steps) or EMPTY)

    def why(self, trace_id: str) -> list[Fate]:
        """What happened to a trace, to what it was made from and to what was made of it, in order."""
        return self.ledger().why(trace_id)

    def back(self, step: int, changed: Operator) -> pa.Table:
        """The rows dropped at a step that the changed selector would keep: id, value, reason."""
        assert isinstance(changed, Selector)
        decision, rows = (
            changed.decide(),
            self.states[step - 1].select([*self.steps[step - 1].needs(), *changed.needs()]),
        )
        kept = f"WITH rows AS ({rows}) SELECT id FROM (SELECT id, ({decision.keep}) AS keep FROM rows) WHERE keep"
        query = (
            f"SELECT id, value, reason FROM ({self.states[step].verdicts}) WHERE verdict = 'dropped' "
            f"AND id IN ({kept}) ORDER BY value, id"
        )
        return self.connection.sql(query).to_arrow_table()

    def write_ledger(self, path: Path) -> None:
        """Write the ledger as Parquet."""
        temporary = path.with_suffix(".tmp")
        query = f"FROM ({self.ledger().relation}) ORDER BY step, trace_id"  # the same bytes each time
        self.connection.execute(f"COPY ({query}) TO {literal(str(temporary))} (FORMAT parquet, COMPRESSION zstd)")
        temporary.rename(path)


def _take(source: Source, ids: set[str]) -> list[Trace]:
    return list(islice((trace for batch in source.batches(ids) for trace in batch.traces()), len(ids)))
