"""Memory: the in-memory database of an application, and the text that streams past it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import numpy as np
import pyarrow as pa

from curation.application.arrays import Arrays
from curation.application.batches import Batch, apply_work, read_parquet, with_segments
from curation.application.executors import Executor
from curation.application.sources import Source
from curation.application.state import Flags, State
from curation.asker import Asker
from curation.operator import Annotator, column
from curation.trace import Trace

LIMIT = "600MB"
SEGMENTS = "id VARCHAR, segments STRUCT(start INT, stop INT, kind VARCHAR)[]"
VECTORS = "id VARCHAR, vector FLOAT[]"
Out = TypeVar("Out")
Progress = Callable[[int, int, str], None]


def silent(done: int, total: int, label: str) -> None:
    """The progress callback of nobody."""


class Memory:
    """Tables of light rows and scores; segments and vectors are loaded for the rows at hand when a step needs them."""

    def __init__(
        self, scratch: Path, executor: Executor, sample: int | None, progress: Progress, asker: Asker | None = None
    ) -> None:
        """An empty database that spills into the scratch folder; `sample` bounds the rows whose text is read."""
        self.scratch, self.executor, self.sample, self.progress = scratch, executor, sample, progress
        self.asker = asker
        spill = str(scratch / "spill")
        self.connection = duckdb.connect(config={"memory_limit": LIMIT, "temp_directory": spill})  # in memory
        self._lock = threading.RLock()  # several browsers ask one preview, and a connection answers one at a time
        self.full: set[str] = set()  # annotation tables that hold every row of their base
        self.failures: set[str] = set()  # annotation tables in which some row failed
        self.arrays = Arrays(partial(_arrow, self.connection, self._lock))  # no cycle: ends with its user
        self._attached: dict[str, set[str]] = {}  # ids looked for already, by table of segments or vectors

    def sql(self, query: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Execute to the end, so that the connection is free for the next statement."""
        with self._lock:
            return self.connection.execute(query, values).fetchall()

    def create(self, name: str, query: str, **tables: pa.Table) -> str:
        """A table from a query that may read these Arrow tables by name; returns its name."""
        with self._lock:
            for alias, table in tables.items():
                self.connection.register(alias, table)
            self.sql(f"CREATE OR REPLACE TABLE {name} AS {query}")
            for alias in tables:
                self.connection.unregister(alias)
        return name

    def has(self, name: str) -> bool:
        """Whether there is a table of that name."""
        return bool(self.sql("SELECT 1 FROM duckdb_tables() WHERE table_name = $name", {"name": name}))

    def close(self) -> None:
        """Give the memory back."""
        self.connection.close()

    def drop(self, key: str) -> None:
        """Forget the tables made for the state of this key."""
        for (table,) in self.sql(
            "SELECT table_name FROM duckdb_tables() WHERE contains(table_name, $key)", {"key": key}
        ):
            self.sql(f"DROP TABLE {table}")
            self.full.discard(table)
            self.failures.discard(table)
            self._attached.pop(table, None)
            self.arrays.forget(table)
        with self._lock:
            for name in (f"left_{key}", f"rivals_{key}", f"sample_{key}"):
                self.connection.unregister(name)

    def count(self, query: str) -> int:
        """Number of rows of a query."""
        return int(self.sql(f"SELECT count(*) FROM ({query})")[0][0])

    def ids(self, query: str) -> set[str]:
        """The ids of a query's rows."""
        return {row[0] for row in self.sql(f"SELECT id FROM ({query})")}

    def load(self, name: str, rows: pa.Table) -> str:
        """The base table of a source's rows; each id counts once."""
        self.create(
            name,
            "SELECT pos, min(pos) OVER (PARTITION BY problem_id) AS problem_pos, * EXCLUDE (pos) FROM ("
            "SELECT (row_number() OVER ())::INTEGER AS pos, * FROM loaded "
            ") QUALIFY row_number() OVER (PARTITION BY id ORDER BY pos) = 1 ORDER BY pos",
            loaded=rows,
        )
        if rows.num_rows != self.count(f"FROM {name}"):  # numbered without gaps, as tables beside it are read by place
            again = "(row_number() OVER (ORDER BY pos))::INTEGER AS pos, * EXCLUDE (pos)"
            self.create(name, f"SELECT {again} FROM {name} ORDER BY 1")
        return name

    def annotation(self, step: Annotator, state: State, paths: Sequence[Path]) -> str:
        """The table of an annotator beside a base: scores, failure, whether known; what is known already is in it."""
        table = f"ann_{step.key()}_{state.base}"
        if not self.has(table):
            self.beside(table, step, state, "stored", stored=state.source.known(step))
            self.extend(table, step, state, paths)
        return table

    def beside(self, table: str, step: Annotator, state: State, results: str, **tables: pa.Table) -> None:
        """A table of an annotator's results, one of an id at most, with a row for each row of a base in its order."""
        columns = ", ".join(f"s.{name}" for name in _scores(step))
        query = f"SELECT {columns}, s.id IS NOT NULL AS known FROM {state.base} b LEFT JOIN {results} s USING (id)"
        self.side(table, state.base, f"{query} ORDER BY b.pos", **tables)
        self._changed(table)

    def side(self, table: str, base: str, query: str, **tables: pa.Table) -> str:
        """A table from a query with a row for each row of a base, in its order; returns its name."""
        self.create(table, query, **tables)
        assert self.count(f"FROM {table}") == self.count(f"FROM {base}"), f"{table} is not beside {base}"
        return table

    def extend(self, table: str, step: Annotator, state: State, paths: Sequence[Path]) -> None:
        """Add what these parts hold for rows of the base without a result."""
        if not paths:
            return
        columns = ", ".join(f"if(t.known, t.{name}, s.{name}) AS {name}" for name in _scores(step))
        each = "QUALIFY row_number() OVER (PARTITION BY id) = 1"
        self.side(
            table,
            state.base,
            f"WITH t AS (SELECT b.pos, b.id, {table}.* FROM {state.base} b POSITIONAL JOIN {table}) SELECT {columns}, "
            f"t.known OR s.id IS NOT NULL AS known FROM t LEFT JOIN (FROM {read_parquet(paths)} {each}) s USING (id) "
            "ORDER BY t.pos",
        )
        self._changed(table)

    def _changed(self, table: str) -> None:
        """Note whether every row is known and whether some failed; forget what was made of the table before."""
        self.arrays.forget(table)
        rows, known, failed = self.sql(f"SELECT count(*), count(*) FILTER (known), count(failure) FROM {table}")[0]
        self.full |= {table} if known == rows else set()
        self.failures |= {table} if failed else set()

    def missing(self, table: str, state: State) -> set[str]:
        """Ids of the rows left without a result."""
        if table in self.full:
            return set()
        return self.ids(state.beside(f"{state.base}.id", [table], f"NOT {table}.known"))

    def flag(self, name: str, keep: np.ndarray) -> Flags:
        """Flags of a base's rows that SQL reads by this name."""
        with self._lock:
            self.connection.register(name, {"keep": keep})
        return Flags(name, keep)

    def only(self, state: State, name: str, query: str) -> State:
        """The state with only the rows whose `pos` a query gives, as flags of this name."""
        return replace(state, left=self.flag(name, self.at(state, query)))

    def at(self, state: State, query: str) -> np.ndarray:
        """Which rows of a state's base have a `pos` that a query gives."""
        found = np.zeros(self.count(f"FROM {state.base}"), bool)
        found[self.arrow(f"SELECT pos FROM ({query})").column("pos").to_numpy() - 1] = True
        return found

    def keep(self, state: State) -> np.ndarray:
        """Which rows of its base a state leaves."""
        return state.left.keep if state.left else np.ones(self.count(f"FROM {state.base}"), bool)

    def rows(self, state: State) -> np.ndarray:
        """Places of the rows a state leaves in its base."""
        return state.left.rows if state.left else np.arange(self.count(f"FROM {state.base}"))

    def problems(self, state: State) -> np.ndarray:
        """Flags of the problems with a row left, each at the place of the first of its rows at the start."""
        places = self.places(state)
        found = np.zeros(places.max(initial=0) + 1, bool)
        found[places.take(self.rows(state))] = True
        return found

    def places(self, state: State) -> np.ndarray:
        """For each row of a state's base the place of its problem."""
        query, key = f"SELECT problem_pos FROM {state.base}", f"places of {state.base}"
        return self.arrays.made(key, [state.base], lambda: self._places(query))

    def _places(self, query: str) -> np.ndarray:
        return np.asarray(self.arrow(query).column("problem_pos"), np.intp)

    def arrow(self, query: str) -> pa.Table:
        """The rows of a query."""
        return _arrow(self.connection, self._lock, query)

    def attached(self, step: Annotator, state: State, name: str, columns: str) -> str:
        """A table of the segments or vectors an annotator gave the rows left, and perhaps others."""
        table = f"{name}_{step.key()}_{state.base}"
        with self._lock:
            if table not in self._attached:
                self.sql(f"CREATE OR REPLACE TABLE {table} ({columns})")
            looked_for = self._attached.setdefault(table, set())
            wanted = self.ids(state.select(())) - looked_for
            if wanted:
                self._attach(step, state, name, table, wanted)
            looked_for |= wanted
        return table

    def _attach(self, step: Annotator, state: State, name: str, table: str, wanted: set[str]) -> None:
        """Load the segments or vectors of these ids, stored ones and those computed here."""
        self.connection.register("wanted", pa.table({"id": pa.array(wanted, pa.string())}))
        self.connection.register("stored", state.source.attached(step, name, wanted))
        self.sql(f"INSERT INTO {table} SELECT id, {name} FROM stored")
        paths = sorted((self.scratch / step.key()).glob("part-*.parquet"))
        if paths:
            self.sql(
                f"INSERT INTO {table} SELECT id, {name} FROM {read_parquet(paths)} SEMI JOIN wanted USING (id) "
                f"WHERE {name} IS NOT NULL AND id NOT IN (SELECT id FROM stored)"
            )

    def segments(self, state: State) -> str | None:
        """A table of the rows' segments, or None when no annotator of the recipe gave them since the last mapper."""
        return self.attached(state.segmenter, state, "segments", SEGMENTS) if state.segmenter else None

    def loaded_segments(self, state: State) -> str | None:
        """The table of segments that a step after this state has loaded."""
        table = f"segments_{state.segmenter.key()}_{state.base}" if state.segmenter else ""
        return table if table in self._attached else None

    def table(self, state: State, names: Sequence[str], vectors: bool) -> pa.Table:
        """The rows left in order, with these scores and, where wanted, their vectors."""
        query = state.select(names)
        if vectors:
            assert state.embedder is not None  # recipe.check
            attached = self.attached(state.embedder, state, "vector", VECTORS)
            query = f"SELECT r.*, v.vector FROM ({query}) r LEFT JOIN {attached} v USING (id)"
        return self.arrow(f"SELECT * EXCLUDE (problem_pos) FROM ({query}) ORDER BY pos")

    def run(
        self,
        work: Callable[[list[Trace]], Out],
        source: Source,
        ids: set[str],
        label: str,
        segments: str | None,
        executor: Executor | None = None,
    ) -> Iterator[Out]:
        """A batch function over the traces of these ids, with their segments, and with progress in rows."""
        done, sizes = 0, list[int]()

        def batches() -> Iterator[Batch]:
            plain = source.batches(ids)
            for batch in with_segments(self.connection.cursor(), plain, segments) if segments else plain:
                sizes.append(len(batch.ids()))
                yield batch

        self.progress(0, len(ids), label)
        todo = batches() if ids else iter(())
        for result in (executor or self.executor).map(partial(apply_work, work), todo):
            yield result
            done += sizes.pop(0)
            self.progress(done, len(ids), label)


def _scores(step: Annotator) -> list[str]:
    return [column(name) for name in [*step.adds(), "failure"]]


def _arrow(connection: duckdb.DuckDBPyConnection, lock: threading.RLock, query: str) -> pa.Table:
    with lock:
        return connection.sql(query).to_arrow_table()
