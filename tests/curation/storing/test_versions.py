"""Stores of other versions: older ones are copied and brought up, newer ones refused."""

from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from curation.errors import UserError
from curation.query.filters import Filter
from curation.store import Store

# what stores had before their tables had a version
VERSION_0 = """
CREATE TABLE problems (
    id VARCHAR, question VARCHAR, reference VARCHAR, dataset VARCHAR, split VARCHAR, subject VARCHAR,
    media VARCHAR[], source VARCHAR, line BIGINT
);
CREATE TABLE traces (
    id VARCHAR, problem_id VARCHAR, dataset VARCHAR, split VARCHAR, subject VARCHAR, model VARCHAR, form VARCHAR,
    sample INTEGER, closed BOOLEAN, given_correct BOOLEAN, n_chars BIGINT, text_key VARCHAR, parent_id VARCHAR,
    source VARCHAR, line BIGINT, run VARCHAR
);
CREATE TABLE texts (id VARCHAR, reasoning VARCHAR, answer VARCHAR, extra VARCHAR);
CREATE TABLE annotations (key VARCHAR, op VARCHAR, spec VARCHAR, query BOOLEAN, taken TIMESTAMP);
CREATE TABLE imports (
    run VARCHAR, taken TIMESTAMP, files VARCHAR, rows BIGINT, imported BIGINT, duplicates BIGINT, quarantined BIGINT,
    traces BIGINT, problems BIGINT, warnings VARCHAR
);
CREATE TABLE quarantine (run VARCHAR, file VARCHAR, line BIGINT, reason VARCHAR, raw VARCHAR);
CREATE TABLE taken_in (run VARCHAR);
INSERT INTO problems VALUES ('p', '1 + 1?', '2', 'sums', NULL, NULL, [], 'a.jsonl', 1);
INSERT INTO traces VALUES
    ('t', 'p', 'sums', NULL, NULL, 'ada', 'cot', 0, TRUE, NULL, 12, 'k', NULL, 'a.jsonl', 1, 'run');
INSERT INTO texts VALUES ('t', 'One and one.', '2', NULL);
INSERT INTO taken_in VALUES ('run');
"""
LABELS = """
CREATE TABLE labels (trace_id VARCHAR, name VARCHAR, value VARCHAR);
CREATE TABLE events (
    id BIGINT, "at" VARCHAR, who VARCHAR, trace_id VARCHAR, name VARCHAR, value VARCHAR, "before" VARCHAR,
    undoes BIGINT
);
INSERT INTO labels VALUES ('t', 'decision', 'drop');
"""


def write_old(path: Path, schema: str = VERSION_0) -> bytes:
    """A store's file as an older Winnow left it."""
    with closing(duckdb.connect(str(path))) as connection:
        connection.execute(schema)
    return path.read_bytes()


def version_of(store: Store) -> list[tuple]:
    return store.cursor().execute("FROM version").fetchall()


@pytest.mark.parametrize(("schema", "decision"), [(VERSION_0, None), (VERSION_0 + LABELS, "drop")])
def test_a_store_without_a_version_is_copied_and_brought_up_with_all_it_holds(tmp_path, schema, decision):
    old = write_old(tmp_path / "winnow.duckdb", schema)
    with closing(Store(tmp_path / "winnow.duckdb")) as store:
        assert version_of(store) == [(2,)]
        assert store.trace("t").reasoning == "One and one."
        assert store.scores("t")["decision"] == decision
        assert store.taken_in() == {"run"}
    assert (tmp_path / "winnow.duckdb.bak-0").read_bytes() == old
    assert sorted(path.name for path in tmp_path.iterdir()) == ["winnow.duckdb", "winnow.duckdb.bak-0"]


def test_a_store_of_this_version_is_opened_without_a_copy(tmp_path):
    for _ in range(2):
        with closing(Store(tmp_path / "winnow.duckdb")) as store:
            assert version_of(store) == [(2,)]
    assert [path.name for path in tmp_path.iterdir()] == ["winnow.duckdb"]


def test_a_store_of_a_newer_winnow_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "winnow.duckdb"
    before = write_old(path, VERSION_0 + "CREATE TABLE version AS SELECT 7 AS version;")
    with pytest.raises(
        UserError, match=r"was written by a newer Winnow: its tables have version 7, and this one knows .* up to 2\."
    ):
        Store(path)
    assert path.read_bytes() == before


def test_a_store_that_cannot_be_copied_is_left_as_it_is(tmp_path):
    path = tmp_path / "winnow.duckdb"
    before = write_old(path)
    (tmp_path / "winnow.duckdb.bak-0").mkdir()
    with pytest.raises(UserError, match=r"winnow.duckdb has to be copied before its tables are changed\."):
        Store(path)
    assert path.read_bytes() == before


def test_a_brought_up_store_has_the_tables_of_a_new_one(tmp_path):
    write_old(tmp_path / "old.duckdb")
    tables = "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal ORDER BY ALL"
    with closing(Store(tmp_path / "old.duckdb")) as old, closing(Store(tmp_path / "new.duckdb")) as new:
        assert old.cursor().execute(tables).fetchall() == new.cursor().execute(tables).fetchall()
        indexes = "SELECT index_name, sql FROM duckdb_indexes() ORDER BY ALL"
        assert old.cursor().execute(indexes).fetchall() == new.cursor().execute(indexes).fetchall() != []
        assert new.count(Filter()).rows == 0


def test_scores_that_stayed_unknown_in_version_1_are_made_anew(store_of, traces, tmp_path):
    with closing(store_of(traces[:2])) as store:
        lengths = store.cursor().execute("SELECT n_chars FROM scores").fetchall()
        path = store.path
    with closing(duckdb.connect(str(path))) as connection:
        connection.execute("UPDATE scores SET n_chars = NULL; UPDATE version SET version = 1")
        connection.execute("DROP INDEX traces_by_id; DROP INDEX texts_by_id; DROP INDEX problems_by_id")
    with closing(Store(path)) as store:
        assert store.cursor().execute("SELECT n_chars FROM scores").fetchall() == lengths
