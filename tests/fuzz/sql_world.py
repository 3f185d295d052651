"""A store of two rows beside a file with a secret, for queries that were let through."""

import tempfile
from functools import lru_cache
from pathlib import Path

import duckdb

from curation.query.sql import Limits, run

SECRET = "the-canary-sings"
VIEWS = {
    "scores": "SELECT * FROM (VALUES ('a', 'ada', 3), ('b', 'bob', 5)) t(id, model, n_chars)",
    "texts": "SELECT * FROM (VALUES ('a', 'one'), ('b', 'two')) t(id, reasoning)",
    "problems": "SELECT * FROM (VALUES ('p', '1 + 1?')) t(id, question)",
}
LIMITS = Limits(seconds=2.0, growth=1.0)


@lru_cache(maxsize=1)
def _world() -> duckdb.DuckDBPyConnection:
    folder = Path(tempfile.mkdtemp(prefix="winnow-fuzz-sql-"))
    for name in ("secret", "secret.csv", "secret.json"):
        (folder / name).write_text(SECRET)
    connection = duckdb.connect()
    connection.execute(f"SET file_search_path = '{folder}'")
    connection.execute(f"CREATE TABLE secret AS SELECT '{SECRET}' AS told")
    return connection


def answer(query: str) -> str:
    """All that a query tells; UserError where it is refused, wrong or slow."""
    return str(run(_world(), query, VIEWS, 100, LIMITS).table.to_pylist())
