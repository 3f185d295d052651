"""SQL from people: what is answered, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from curation.errors import UserError
from curation.query import sql, sql_gate
from curation.query.filters import Filter
from curation.store import Store
from curation.trace import Trace


@pytest.fixture
def store(store_of: Callable[[list[Trace]], Store], traces: list[Trace]) -> Store:
    """The six traces."""
    return store_of(traces)


def rows(store: Store, text: str, limit: int = 1000) -> list[tuple]:
    return [tuple(row.values()) for row in store.query(text, limit).table.to_pylist()]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT model, count(*) FROM scores GROUP BY 1 ORDER BY 2 DESC", [("ada", 3), ("bob", 2), ("cyd", 1)]),
        ("FROM scores SELECT max(n_chars);", [(20,)]),
        ("WITH long AS (SELECT * FROM scores WHERE n_chars > 12) SELECT count(*) FROM long", [(2,)]),
        ("SELECT question FROM problems WHERE question LIKE '1%'", [("1 + 1?",)]),
        ("SELECT count(*) FROM texts a JOIN texts b USING (id) NATURAL JOIN scores", [(6,)]),
        ("SELECT s.n_chars FROM (SELECT scores AS s FROM scores) ORDER BY 1 DESC LIMIT 1", [(20,)]),
        ("SELECT b FROM texts t(a, b, c) WHERE c = '3'", [("Wait, no.\n\nIt is 3.",)]),
        ("SELECT ada FROM (SELECT model, n_chars FROM scores) PIVOT (max(n_chars) FOR model IN ('ada'))", [(16,)]),
        ("SELECT replace(replace(reasoning, 'one', '1'), ' and ', ' plus ') FROM texts WHERE reasoning LIKE 'one%'",
         [("1 plus 1",)]),
        ("SELECT list_transform([1, 2], lambda x: x + 1)", [([2, 3],)]),
        ("SELECT word FROM (SELECT unnest(string_split(reasoning, ' ')) AS word FROM texts) WHERE word = 'nobody'",
         [("nobody",)]),
        ("SELECT row_number() OVER (ORDER BY n_chars) FROM scores QUALIFY row_number() OVER (ORDER BY n_chars) = 2",
         [(2,)]),
        ("SELECT 1 UNION SELECT 2 ORDER BY 1", [(1,), (2,)]),
    ],
)  # fmt: skip
def test_a_select_over_the_views_is_answered(store, query, expected):
    assert rows(store, query) == expected


def test_a_condition_means_the_traces_it_holds_for(store, traces):
    assert rows(store, "n_chars > 12 AND model = 'bob' -- a comment") == [(traces[1].id,)]


def test_more_rows_than_asked_for_are_cut_and_said(store):
    found = store.query("SELECT n_chars FROM scores ORDER BY n_chars DESC", 2)
    assert (found.table.to_pylist(), found.more) == ([{"n_chars": 20}, {"n_chars": 16}], True)
    assert not store.query("SELECT n_chars FROM scores", 6).more


ATTACKS = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM read_blob('/etc/hostname')",
    "SELECT * FROM read_parquet('/tmp/x.parquet')",
    "SELECT * FROM read_json_auto('/tmp/x.json')",
    "SELECT * FROM parquet_metadata('/tmp/x.parquet')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM '/etc/passwd'",
    'SELECT * FROM "/etc/passwd.csv"',
    "SELECT * FROM 'https://example.org/x.parquet'",
    'WITH "x.csv" AS (SELECT 1) SELECT * FROM "x.csv", "/etc/passwd"',
    "id IN (SELECT content FROM read_text('/etc/hostname'))",
    "n_chars > (SELECT count(*) FROM read_csv('/etc/passwd'))",
    "SELECT (SELECT max(content) FROM read_text('/etc/hostname')) FROM scores",
    "SELECT * FROM scores, LATERAL (SELECT * FROM read_text(scores.model))",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('scores')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT json_serialize_sql('SELECT 1')",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_databases()",
    "SELECT * FROM pragma_database_list()",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM pg_catalog.pg_tables",
    "SELECT * FROM main.scores",
    "SELECT * FROM taken_in",
    "SELECT * FROM traces",
    "SELECT * FROM range(1000000000000)",
    "SELECT getenv('HOME')",
    "SELECT current_setting('temp_directory')",
    "SELECT getvariable('x')",
    "SELECT main.upper('x')",
    "SELECT nextval('s')",
    "SELECT pg_sleep(100)",
    "SELECT sleep_ms(100000)",
    "SELECT write_log('x')",
    "SELECT version()",
    "SELECT repeat('x', 4000000000)",
    "SELECT lpad('x', 2000000000)",
    "SELECT len(range(3000000000))",
    "SELECT printf('%2000000000d', 1)",
    "SELECT list_resize([1], 3000000000)",
    "SELECT replace(reasoning, 'e', reasoning) FROM texts",
    f"SELECT replace(reasoning, 'e', '{'x' * 201}') FROM texts",
    f"SELECT regexp_replace(replace(reasoning, 'e', '{'x' * 20}'), 'x', '{'x' * 20}', 'g') FROM texts",
    "COPY scores TO '/tmp/stolen.csv'",
    "COPY (SELECT * FROM texts) TO '/tmp/stolen.parquet'",
    "WITH x AS (COPY scores TO '/tmp/stolen.csv') SELECT 1",
    "WITH x AS (DELETE FROM scores RETURNING *) SELECT * FROM x",
    "WITH x AS (INSERT INTO scores VALUES (1) RETURNING *) SELECT * FROM x",
    "WITH x AS (UPDATE scores SET n_chars = 1 RETURNING *) SELECT * FROM x",
    "EXPORT DATABASE '/tmp/stolen'",
    "IMPORT DATABASE '/tmp/stolen'",
    "ATTACH '/tmp/other.duckdb'",
    "DETACH found",
    "USE memory",
    "PRAGMA database_list",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "CALL pragma_version()",
    "INSTALL httpfs",
    "LOAD httpfs",
    "CREATE TABLE x AS SELECT 1",
    "DROP TABLE scores",
    "UPDATE scores SET n_chars = 0",
    "DELETE FROM texts",
    "SELECT 1; DROP TABLE texts",
    "TRUE); DROP TABLE traces; SELECT (1",
    "SHOW TABLES",
    "DESCRIBE scores",
    "SUMMARIZE texts",
    "EXPLAIN ANALYZE SELECT 1",
    "SELECT $1",
    "SELECT * FROM scores AT (VERSION => 1)",
    "SELECT " + "(" * 3000 + "1" + ")" * 3000,
    "SELECT '" + "x" * 9000 + "'",
    "",
]  # fmt: skip


def refused(work: Callable[[], object]) -> bool:
    try:
        work()
    except UserError:
        return True
    return False


def test_nothing_but_a_select_over_the_views_is_run(store):
    assert [attack for attack in ATTACKS if not refused(lambda attack=attack: store.query(attack))] == []
    assert store.count(Filter()).rows == 6
    assert not list(Path("/tmp").glob("stolen*"))


REACHING = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM '/etc/passwd.csv'",
    "SELECT * FROM traces",
    "SELECT * FROM store",
    "COPY scores TO '/tmp/stolen.csv'",
    "COPY (SELECT * FROM scores) TO '/tmp/stolen.parquet'",
    "EXPORT DATABASE '/tmp/stolen'",
    "ATTACH '/tmp/stolen.duckdb'",
    "SET enable_external_access = true",
    "SET temp_directory = '/tmp/stolen'",
    "RESET lock_configuration",
    "INSTALL httpfs",
    "LOAD httpfs",
]


def test_the_locked_database_reaches_nothing_even_without_the_first_wall(store):
    harmless = sql_gate.read("SELECT id FROM scores", frozenset({"scores"}))

    def reach(attack: str) -> None:
        with sql.locked(store.cursor(), harmless, store.views()) as apart:
            apart.execute(attack).fetchall()

    assert [attack for attack in REACHING if not refused(lambda attack=attack: reach(attack))] == []
    assert not list(Path("/tmp").glob("stolen*"))


def test_all_rows_come_as_csv_with_lists_as_json(store):
    found = store.query_csv("SELECT model, [n_chars, 1] AS pair FROM scores ORDER BY n_chars DESC", 2)
    assert found.decode() == '"model","pair"\n"bob","[20, 1]"\n"ada","[16, 1]"\n'


def test_the_schema_has_types_and_examples(store):
    schema = store.schema()
    assert list(schema) == ["scores", "problems", "texts", "labels", "imports", "annotations", "quarantine"]
    assert schema["texts"][:2] == [
        {"column": "id", "type": "varchar", "example": store.ids(Filter())[0]},
        {"column": "reasoning", "type": "varchar", "example": "one and one"},
    ]
    assert schema["labels"][0] == {"column": "trace_id", "type": "varchar", "example": ""}


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (sql.Limits(seconds=0.2), "The query took more than 0.2 s and was stopped: ask for less"),
        (sql.Limits(growth=-1), "The query took more than -1 GiB of memory and was stopped"),
    ],
)
def test_a_query_that_takes_too_much_is_stopped(store, limits, message):
    endless = ", ".join(f"scores s{n}" for n in range(14))
    with pytest.raises(UserError, match=message):
        sql.run(store.cursor(), f"SELECT count(*) FROM {endless}", store.views(), 10, limits)


def test_a_python_value_is_no_table(store):
    secret = duckdb.sql("SELECT 42 AS secret").to_arrow_table()
    with pytest.raises(UserError, match="Unknown table 'secret'; known: annotations, imports"):
        store.query("SELECT * FROM secret")
    assert secret.num_rows == 1


def test_an_error_says_what_is_known(store):
    with pytest.raises(UserError, match='The query cannot be used: .*"nothing" not found.*n_chars'):
        store.query("SELECT nothing FROM scores WHERE n_chars > 1")
    with pytest.raises(UserError, match="The query cannot be read: syntax error"):
        store.query("n_chars >")


def test_a_query_names_traces_by_their_ids_or_their_problems(store, traces):
    def ids(text: str) -> list[str]:
        return store.ids(Filter(sql=text))

    assert ids("n_chars > 12 AND model = 'bob'") == [traces[1].id]
    assert ids("SELECT id FROM texts WHERE reasoning = 'six'") == [traces[3].id, traces[4].id]
    assert ids("SELECT problem_id FROM scores WHERE model = 'cyd'") == [t.id for t in traces[2:5]]
    assert ids("SELECT id, question FROM problems WHERE question = 'Why?'") == [traces[5].id]
    with pytest.raises(UserError, match="has the columns n: to filter by it, let it have one of id, trace_id"):
        ids("SELECT count(*) AS n FROM scores")
