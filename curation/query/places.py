"""Rows of one or of few traces, found in a millisecond among a million.

A trace stands at the same place (rowid) in `traces` and in `scores`; the other tables are indexed by id.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

from curation.operator import column
from curation.table import from_row
from curation.trace import Trace

TRACE = "* EXCLUDE (text_key, n_chars, run)"
TEXT = "id, reasoning, answer, extra"
PROBLEM = "id, question, reference, media"


def places(cursor: duckdb.DuckDBPyConnection, ids: Iterable[str]) -> dict[str, int]:
    """Where the traces of these ids stand; those that are not here are left out."""
    query = "SELECT id, rowid FROM traces WHERE id IN (SELECT unnest($ids))"
    return dict(cursor.execute(query, {"ids": list(ids)}).fetchall())


def rows(
    cursor: duckdb.DuckDBPyConnection, table: str, names: str, known: Mapping[str, int]
) -> dict[str, dict[str, Any]]:
    """The rows of `traces` or `scores` for traces at known places, by id; one that stands elsewhere is looked up."""
    query = f"SELECT {names} FROM {table} WHERE rowid IN (SELECT unnest($places))"
    found = _by_id(cursor, query, {"places": list(known.values())})
    right = {name: row for name, row in found.items() if name in known}
    return right | by_ids(cursor, table, names, known.keys() - right.keys())


def by_ids(cursor: duckdb.DuckDBPyConnection, table: str, names: str, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The rows of a table with these ids."""
    wanted = list(ids)
    if not wanted:
        return {}
    return _by_id(cursor, f"SELECT {names} FROM {table} WHERE id IN (SELECT unnest($ids))", {"ids": wanted})


def _by_id(cursor: duckdb.DuckDBPyConnection, query: str, given: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in cursor.sql(query, params=given).to_arrow_table().to_pylist()}


def traces(cursor: duckdb.DuckDBPyConnection, known: Mapping[str, int], segmented: str | None) -> dict[str, Trace]:
    """The traces at these places by id, with the segments of an annotator's table."""
    light = rows(cursor, "traces", TRACE, known)
    texts = by_ids(cursor, "texts", TEXT, known)
    problems = by_ids(cursor, "problems", PROBLEM, {row["problem_id"] for row in light.values()})
    marked = by_ids(cursor, column(segmented), "id, segments", known) if segmented else {}
    return {
        name: from_row({**problems[row["problem_id"]], **row, **texts[name], **marked.get(name, {})})
        for name, row in light.items()
    }
