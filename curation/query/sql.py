"""SQL from people, run where nothing can be reached.

Two walls. `sql_gate.read` refuses everything but one SELECT over the views with harmless functions. `locked` runs it
in a database of its own, in memory, without access to files, settings or the store: rows of the views it names are
streamed in, so a query over texts needs little memory and none of the store's rights.
"""

import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import duckdb
import psutil
import pyarrow as pa
from duckdb import DuckDBPyConnection as Connection
from pyarrow import csv

from curation.errors import UserError
from curation.operator import column
from curation.query.sql_gate import Query, read, statement

MEMORY = "1GB"  # of the database a query runs in
WATCH = 0.05  # seconds between two looks at time and memory
STREAM = 2048  # rows at a time
EXAMPLE = 60  # letters of a value shown beside its column
NAMING = ("id", "trace_id", "problem_id")  # columns that say which traces a result means
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "python_enable_replacements": False,
    "memory_limit": MEMORY,
    "temp_directory": "",
    "threads": 2,
}


class Limits(NamedTuple):
    """What a query may take."""

    seconds: float = 10.0
    growth: float = 2.0  # GiB of this process


LIMITS = Limits()


class Rows(NamedTuple):
    """Rows of a query, and whether there are more than were asked for."""

    table: pa.Table
    more: bool


class View:
    """A view of the store that is read only when a query scans it, each time from its start."""

    def __init__(self, cursor: Connection, query: str) -> None:
        """A cursor of the store, and what the view stands for."""
        self.cursor, self.query = cursor, query

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows as an Arrow stream."""
        return self.cursor.cursor().sql(self.query).to_arrow_reader(STREAM).__arrow_c_stream__(requested_schema)


@contextmanager
def locked(cursor: Connection, query: Query, views: dict[str, str], limits: Limits = LIMITS) -> Iterator[Connection]:
    """A database in memory that knows the views of a query and can reach nothing else; stopped at its limits."""
    with duckdb.connect(config=SETTINGS) as apart:  # in memory
        for name in query.views:
            apart.register(name, View(cursor, _narrowed(cursor, query, views[name])))
        apart.execute("SET lock_configuration = true")
        done, stopped = threading.Event(), list[str]()
        watch = threading.Thread(target=_watch, args=(apart, limits, done, stopped), daemon=True)
        watch.start()
        try:
            yield apart
        except duckdb.InterruptException:
            raise UserError(f"The query took more than {stopped[0]} and was stopped: ask for less.") from None
        except duckdb.OutOfMemoryException:
            raise UserError(f"The query needs more than {MEMORY} of memory: ask for less.") from None
        except duckdb.Error as error:
            raise UserError(f"The query cannot be used: {_reason(error)}.") from None
        finally:
            done.set()
            watch.join()


def _watch(apart: Connection, limits: Limits, done: threading.Event, stopped: list[str]) -> None:
    """Stop a query that takes too long or makes this process grow too much."""
    process, began = psutil.Process(), time.monotonic()
    start = process.memory_info().rss
    while not done.wait(WATCH):
        late = time.monotonic() - began > limits.seconds
        if late or process.memory_info().rss - start > limits.growth * 2**30:
            stopped.append(f"{limits.seconds:g} s" if late else f"{limits.growth:g} GiB of memory")
            apart.interrupt()
            return


def _narrowed(cursor: Connection, query: Query, view: str) -> str:
    """The view without the columns a query cannot mean: texts are large."""
    if query.wide:
        return view
    names = [row[0] for row in cursor.execute(f"DESCRIBE {view}").fetchall()]
    kept = [name for name in names if name.lower() in query.words] or names[:1]
    return f"SELECT {', '.join(column(name) for name in kept)} FROM ({view})"


def _reason(error: duckdb.Error) -> str:
    lines = [line for line in str(error).split("\n") if line and not line.startswith(("LINE ", " "))]
    return " ".join(lines).rstrip(".!")


def run(cursor: Connection, text: str, views: dict[str, str], limit: int, limits: Limits = LIMITS) -> Rows:
    """The first rows of a query or condition; UserError when it is refused, wrong or slow."""
    query = read(statement(text), frozenset(views))
    with locked(cursor, query, views, limits) as apart:
        table = apart.sql(f"SELECT * FROM ({query.text}\n) LIMIT {limit + 1:d}").to_arrow_table()
    return Rows(table.slice(0, limit), table.num_rows > limit)


def pick(cursor: Connection, name: str, text: str, views: dict[str, str]) -> None:
    """Make a table of the traces a query names, by their own ids or by their problems'."""
    query = read(statement(text), frozenset(views))
    with locked(cursor, query, views) as apart:
        rows = apart.sql(query.text)
        named = next((known for known in NAMING if known in rows.columns), None)
        if named is None:
            raise UserError(
                f"The query's result has the columns {', '.join(rows.columns)}: to filter by it, let it have one of "
                f"{', '.join(NAMING)}."
            )
        ids = rows.project(f"{column(named)}::VARCHAR AS id").to_arrow_table()
    cursor.register("picked", ids)
    chosen = "id IN (SELECT id FROM picked) OR problem_id IN (SELECT id FROM picked)"
    cursor.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT id FROM scores WHERE {chosen}")


def columns(cursor: Connection, view: str) -> list[dict[str, str]]:
    """The columns of a view: column, type and an example."""
    relation = cursor.sql(view)
    first = relation.limit(1).fetchall() or [("",) * len(relation.columns)]
    types = [str(kind).lower() for kind in relation.types]
    shown = zip(relation.columns, types, first[0], strict=True)
    return [{"column": name, "type": kind, "example": _example(value)} for name, kind, value in shown]


def _example(value: object) -> str:
    text = " ".join(f"{value:g}".split() if isinstance(value, float) else str("" if value is None else value).split())
    return text if len(text) <= EXAMPLE else f"{text[: EXAMPLE - 1]}…"


def to_csv(table: pa.Table) -> bytes:
    """A table as CSV, lists and structures as JSON."""
    for place, field in enumerate(table.schema):
        if pa.types.is_nested(field.type):
            texts = [None if v is None else json.dumps(v, default=str) for v in table.column(place).to_pylist()]
            table = table.set_column(place, field.name, pa.array(texts, pa.string()))
    sink = io.BytesIO()
    csv.write_csv(table, sink)
    return sink.getvalue()
