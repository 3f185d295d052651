"""SQL from people: one SELECT over known views, judged by DuckDB's own parser and run where nothing can be reached.

Two walls. `read` refuses everything but a SELECT over the views with harmless functions. `Locked` runs it in a
database of its own, in memory, without access to files, settings or the store: rows of the views it names are
streamed in, so a query over texts needs little memory and none of the store's rights.
"""

import io
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import duckdb
import psutil
import pyarrow as pa
from duckdb import DuckDBPyConnection as Connection
from pyarrow import csv

from curation.errors import UserError, unknown
from curation.operator import column

MEMORY = "1GB"  # of the database a query runs in; long texts it makes are not counted by it
WATCH = 0.05  # seconds between two looks at time and memory
LETTERS = 8000  # of a query
STREAM = 2048  # rows at a time
EXAMPLE = 60  # letters of a value shown beside its column
NAMING = ("id", "trace_id", "problem_id")  # columns that say which traces a result means
STATEMENT = re.compile(r"(\s|--[^\n]*\n|/\*.*?\*/)*(select|with|from)\b", re.IGNORECASE | re.DOTALL)
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "python_enable_replacements": False,
    "memory_limit": MEMORY,
    "temp_directory": "",
    "threads": 2,
}
NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
SOURCES = {"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST", "PIVOT", "CTE"}
MODIFIERS = {"ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "DISTINCT_MODIFIER"}
DIRECTIONS = {"ORDER_DEFAULT", "ASCENDING", "DESCENDING"}
KNOWN_TYPES = NODES | SOURCES | MODIFIERS | DIRECTIONS
# Functions that look at or change the database, the session or the machine, or read SQL; table functions are no
# scalars, and volatile ones are left out already.
SYSTEM = re.compile(
    r"__.*|pg_.*|has_.*|inet_.*|current_.*|json_(de)?serialize_.*|json_execute.*|.*_user|user|version|txid_.*|getvariable"
    r"|in_search_path|index_key|invoke|.*_description|get_block_size|format_pg_type|map_to_pg_oid|create_sort_key"
    r"|parse_duckdb_log_message|stats|vector_type|write_.*|read_.*|sniff.*|glob|getenv|json_copy_.*"
)
# One call makes a text or list of any length, which neither limit can stop.
BOUNDLESS = {
    "repeat",
    "lpad",
    "rpad",
    "range",
    "generate_series",
    "list_resize",
    "array_resize",
    "format",
    "printf",
    "bar",
}
ALSO = {"now", "today", "get_current_time", "get_current_timestamp", "unnest", "lambda"}


class Limits(NamedTuple):
    """What a query may take."""

    seconds: float = 10.0
    growth: float = 2.0  # GiB of this process


class Query(NamedTuple):
    """A SELECT that may be run, the views it reads and every word in it; `wide` when it may mean columns unnamed."""

    text: str
    views: frozenset[str]
    words: frozenset[str]
    wide: bool


LIMITS = Limits()


class Rows(NamedTuple):
    """Rows of a query, and whether there are more than were asked for."""

    table: pa.Table
    more: bool


def statement(text: str) -> str:
    """The SELECT a text means: itself, or the ids of the traces for which a condition over `scores` holds."""
    text = text.strip().rstrip(";")
    return text if STATEMENT.match(text) else f"SELECT id FROM scores WHERE ({text}\n)"


@lru_cache(maxsize=256)
def read(text: str, views: frozenset[str]) -> Query:
    """The query of a text; UserError when it is anything but one SELECT over the views."""
    if len(text) > LETTERS:
        raise UserError(f"The query has {len(text):,} characters; at most {LETTERS:,} are read.")
    tree = _tree(text)
    nodes = list(_nodes(tree))
    local = {str(node["key"]).lower() for node in nodes if "key" in node and "value" in node}
    read_views = set()
    for node in nodes:
        _check(node)
        if node.get("type") == "BASE_TABLE":
            read_views.add(_view(node, views, local))
    words = frozenset(value.lower() for node in nodes for value in _strings(node))
    return Query(text, frozenset(read_views & views), words, _reads_whole_rows(nodes))


def _tree(text: str) -> dict[str, Any]:
    with duckdb.connect() as apart:  # in memory
        try:
            found = apart.execute("SELECT json_serialize_sql($text)", {"text": text}).fetchone()
            tree: dict[str, Any] = json.loads(found[0] if found else "{}")
        except (duckdb.Error, RecursionError) as error:
            raise UserError(f"The query cannot be read: {str(error).splitlines()[0]}.") from None
    if tree.get("error"):
        reason = str(tree.get("error_message", "")).split("\n")[0]
        only = "only one SELECT is allowed, and nothing that changes or reaches anything else"
        raise UserError(f"The query cannot be read: {only if 'Only SELECT' in reason else reason}.")
    if len(tree["statements"]) != 1:
        raise UserError(f"One SELECT is run at a time, found {len(tree['statements'])} statements: remove the others.")
    return tree


def _nodes(tree: object) -> Iterator[dict[str, Any]]:
    waiting: list[object] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _strings(node: dict[str, Any]) -> Iterator[str]:
    for value in node.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (word for word in value if isinstance(word, str))


def _reads_whole_rows(nodes: list[dict[str, Any]]) -> bool:
    """True where columns are meant without being named: a star, a natural join, a table used as one value."""
    if any(node.get("class") == "STAR" or node.get("ref_type") == "NATURAL" for node in nodes):
        return True
    tables = [node for node in nodes if node.get("type") == "BASE_TABLE"]
    names = {str(node[name]).lower() for node in tables for name in ("alias", "table_name")}
    return any(
        str(node["column_names"][0]).lower() in names for node in nodes if len(node.get("column_names", ())) == 1
    )


def _check(node: dict[str, Any]) -> None:
    """Refuse a part of a query that is not known to be harmless."""
    kind = node.get("type")
    if "class" in node:
        if node["class"] in ("FUNCTION", "WINDOW"):
            _check_function(node)
    elif kind == "TABLE_FUNCTION":
        if node["function"].get("function_name") != "unnest":
            name = node["function"].get("function_name") or "a table function"
            raise UserError(f"'{name}' cannot stand in FROM: a query reads the listed tables, no files or functions.")
    elif isinstance(kind, str) and kind not in KNOWN_TYPES and "type_info" not in node and not kind.endswith("_INFO"):
        words = kind.lower().replace("_query_node", "").replace("_", " ")
        raise UserError(f"A query cannot contain {words}: only SELECT over the listed tables is allowed.")


def _check_function(node: dict[str, Any]) -> None:
    name = str(node["function_name"]).lower()
    if node.get("schema") or node.get("catalog") or name not in functions():
        raise UserError(f"The function '{name}' is not allowed here, or there is none of that name.")


def _view(node: dict[str, Any], views: frozenset[str], local: set[str]) -> str:
    name = str(node["table_name"]).lower()
    if node.get("schema_name") or node.get("catalog_name") or node.get("at_clause") or name not in views | local:
        raise unknown("table", ".".join(node["qualified_name"]["path"]), sorted(views))
    return name


@lru_cache(maxsize=1)
def functions() -> frozenset[str]:
    """The functions a query may use: those of DuckDB that depend on their arguments alone, and the time."""
    with duckdb.connect() as apart:  # in memory
        found = apart.execute(
            "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type IN "
            "('aggregate', 'macro', 'window') OR (function_type = 'scalar' AND stability = 'CONSISTENT')"
        ).fetchall()
    return frozenset(name for (name,) in found if not SYSTEM.fullmatch(name)) - BOUNDLESS | ALSO


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
