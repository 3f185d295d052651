"""What a person's SQL may say: one SELECT over known views with harmless functions, judged by DuckDB's own parser.

DuckDB describes a SELECT as JSON without running it; whatever is not known to be harmless is refused. The parser that
judges is the one that runs the query, so no text means one thing here and another there.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import duckdb

from curation.errors import UserError, unknown

LETTERS = 8000  # of a query
STATEMENT = re.compile(r"(\s|--[^\n]*\n|/\*.*?\*/)*(select|with|from)\b", re.IGNORECASE | re.DOTALL)
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
BOUNDLESS = {"repeat", "lpad", "rpad", "range", "generate_series", "list_resize", "array_resize", "format", "printf"}
# One call makes a text longer by what it puts in, which no limit can stop: that has to be short and written out.
GROWING = {"replace": 2, "regexp_replace": 2, "array_to_string": 1, "list_to_string": 1, "string_agg": 1}
GROWTH = 200  # ours: the lengths of all that calls of one query put in, multiplied
ALSO = {"now", "today", "get_current_time", "get_current_timestamp", "unnest", "lambda"}


class Query(NamedTuple):
    """A SELECT that may be run, the views it reads and every word in it; `wide` when it may mean columns unnamed."""

    text: str
    views: frozenset[str]
    words: frozenset[str]
    wide: bool


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
    _check_growth(nodes)
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
    """True where columns are meant without being named: a star, a pivot, new names in order, a table as one value."""
    if any(
        node.get("class") == "STAR"
        or node.get("ref_type") == "NATURAL"
        or node.get("type") == "PIVOT"
        or node.get("column_name_alias")
        for node in nodes
    ):
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


def _check_growth(nodes: list[dict[str, Any]]) -> None:
    """Refuse calls that put long or computed texts into others."""
    growth = 1
    for node in nodes:
        place = GROWING.get(str(node.get("function_name", "")).lower())
        arguments = node.get("arguments", [])
        if place is None or len(arguments) <= place:
            continue
        put_in = arguments[place]["expression"].get("literal", {}).get("text")
        growth *= max(1, len(put_in)) if isinstance(put_in, str) else GROWTH + 1
    if growth > GROWTH:
        raise UserError(
            f"What {', '.join(sorted(GROWING))} put into a text must be written out and short, all of it in a query "
            f"at most {GROWTH:,} letters multiplied: it could fill the memory."
        )


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
