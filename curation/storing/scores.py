"""The table `scores`: light columns, labels and every annotation's scores of each trace, joined once for all readers.

It is made anew only when a store is opened by a Winnow that measures otherwise. What is imported is appended, an
annotation's columns are put in beside the others, and rates over all rows are computed again after either.
"""

from collections.abc import Collection

import duckdb
import orjson

from curation.operator import Annotator, QueryAnnotator, column, literal
from curation.query.reading import annotators_in
from curation.table import LIGHT

LABELS = ("decision", "human_correct", "noted")
LABELLED = "l.decision, l.human_correct, coalesce(l.noted, FALSE) AS noted"
LABELS_WIDE = """
(SELECT trace_id, any_value(value) FILTER (name = 'decision') AS decision,
        any_value(value) FILTER (name = 'human_correct') = 'true' AS human_correct, bool_or(name = 'note') AS noted
 FROM labels GROUP BY trace_id) l ON l.trace_id = t.id
"""


def open_scores(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make the table anew unless it holds what the annotations of the store and this Winnow's columns say."""
    query = "SELECT comment FROM duckdb_tables() WHERE table_name = 'scores' AND NOT temporary"
    if cursor.execute(query).fetchone() != (_sources(cursor),):
        rebuild(cursor)


def rebuild(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make the table anew from traces, labels and annotations, the latest of a name winning."""
    owner = _owners(cursor)
    light = ", ".join(f"t.{column(name)}" for name in LIGHT)
    scores = "".join(f", {column(key)}.{column(name)}" for name, key in owner.items())
    joins = _joins(owner.values(), "t")
    cursor.execute(
        f"CREATE OR REPLACE TABLE scores AS SELECT {light}, {LABELLED}{scores} FROM traces t "
        f"LEFT JOIN {LABELS_WIDE} {joins} ORDER BY t.rowid"
    )
    _finish(cursor)


def append(cursor: duckdb.DuckDBPyConnection, run: str) -> None:
    """Add the traces that a run brought; nothing is measured of them yet."""
    light = ", ".join(f"t.{column(name)}" for name in LIGHT)
    cursor.execute(
        f"INSERT INTO scores BY NAME SELECT {light}, {LABELLED} FROM traces t LEFT JOIN {LABELS_WIDE} "
        "WHERE t.run = $run ORDER BY t.rowid",
        {"run": run},
    )
    _finish(cursor)


def put_in(cursor: duckdb.DuckDBPyConnection, step: Annotator) -> None:
    """Put in what an annotator that was just taken in says of every trace."""
    owner = _owners(cursor)
    over_all = {name for query in _queries(cursor) for name in query.adds()}
    changed = {key for name, key in owner.items() if key == step.key() or name in over_all}
    names = [f"s.{column(name)}" for name in (*LIGHT, *LABELS)]
    names += [f"{column(key) if key in changed else 's'}.{column(name)}" for name, key in owner.items()]
    cursor.execute(
        f"CREATE OR REPLACE TABLE scores AS SELECT {', '.join(names)} FROM scores s {_joins(changed, 's')} "
        "ORDER BY s.rowid"
    )
    _finish(cursor)


def _finish(cursor: duckdb.DuckDBPyConnection) -> None:
    """Compute the rates over all rows, and note what the table was made of."""
    for step in _queries(cursor):
        _add_rates(cursor, step)
    cursor.execute(f"COMMENT ON TABLE scores IS {literal(_sources(cursor))}")


def _add_rates(cursor: duckdb.DuckDBPyConnection, step: QueryAnnotator) -> None:
    have = [row[0] for row in cursor.execute("DESCRIBE scores").fetchall()]
    if not set(step.needs()) <= set(have):
        return
    kept = ", ".join(column(name) for name in have if name not in step.adds())
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE rows AS SELECT rowid AS pos, {kept} FROM scores")
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE scored AS {step.query()}")
    names = "".join(f", s.{column(name)}" for name in step.adds())
    cursor.execute(
        f"CREATE OR REPLACE TABLE scores AS SELECT r.* EXCLUDE (pos){names} "
        "FROM rows r LEFT JOIN scored s USING (id) ORDER BY r.pos"
    )
    cursor.execute("DROP TABLE rows; DROP TABLE scored")


def _joins(keys: Collection[str], rows: str) -> str:
    tables = {column("ann_" + key): column(key) for key in sorted(set(keys))}
    return " ".join(f"LEFT JOIN {table} AS {alias} ON {alias}.id = {rows}.id" for table, alias in tables.items())


def _owners(cursor: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """By the name of a score, the key of the annotation it comes from."""
    known = annotators_in(cursor).items()
    return {
        name: key
        for key, step in known
        if isinstance(step, Annotator) and not isinstance(step, QueryAnnotator)
        for name in step.adds()
    }


def _queries(cursor: duckdb.DuckDBPyConnection) -> list[QueryAnnotator]:
    return [step for step in annotators_in(cursor).values() if isinstance(step, QueryAnnotator)]


def _sources(cursor: duckdb.DuckDBPyConnection) -> str:
    """What the table is made of: columns in order, the annotation of each, and the rates over all rows."""
    rates = [step.key() for step in _queries(cursor)]
    return orjson.dumps([LIGHT, LABELS, list(_owners(cursor).items()), rates]).decode()
