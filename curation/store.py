"""Store: the only code that opens the DuckDB file; one process owns it, with a cursor per use.

Writers are serialised by a lock and work in one transaction each; readers take cursors of their own.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from curation.application.batches import annotation_schema, read_parquet
from curation.disk import denied
from curation.operator import Annotator, CorpusAnnotator, QueryAnnotator, column
from curation.query.browse import Browse
from curation.storing import scores, versions
from curation.storing.damage import only_to_be_read, refused
from curation.table import LIGHT, PROBLEMS, QUARANTINE, SCHEMA

MEMORY = "4GB"
TRACE_COLUMNS = [*LIGHT, "source", "line"]


class Taken(NamedTuple):
    """What an import added, in source rows: rows = imported + duplicates + quarantined."""

    rows: int
    imported: int
    duplicates: int
    quarantined: int


class Store(Browse):
    """Traces, problems, annotation results, imports and quarantine of a workspace."""

    def __init__(self, path: Path) -> None:
        """Open or create the file, to be read alone on a disk that may not be written; UserError when it cannot be."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.version, self.labelled = path, 0, 0
        self.lock = threading.Lock()
        try:
            self.connection, version = versions.opened(path, _connect)
        except duckdb.Error as error:
            raise refused(path, error) from None
        self.read_only = bool(self.connection.execute(READ_ONLY).fetchone())
        if not self.read_only:
            self._prepare(version)

    def _prepare(self, version: int | None) -> None:
        """Bring the tables up to ours and the scores up to date."""
        try:
            with self.writing() as cursor:
                if version != versions.VERSION:
                    versions.bring_up(cursor, version)
                scores.open_scores(cursor)
        except duckdb.Error as error:
            self.connection.close()
            raise refused(self.path, error) from None

    @property
    def changes(self) -> int:
        """Grows with every change, labels among them; `version` grows with traces and scores alone."""
        return self.version + self.labelled

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor for one use in one thread."""
        return self.connection.cursor()

    def close(self) -> None:
        """Give the file back."""
        self.connection.close()

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One transaction; everything in it becomes visible at once, or nothing."""
        with self._transaction() as cursor:
            yield cursor
        self.version += 1

    @contextmanager
    def labelling(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A transaction that changes labels only: counted apart, so that what reads none need not be made anew."""
        with self._transaction() as cursor:
            yield cursor
        self.labelled += 1

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        if self.read_only:
            raise only_to_be_read(self.path)
        with self.lock:
            cursor = self.connection.cursor()
            cursor.begin()
            try:
                yield cursor
                cursor.commit()
            except BaseException:
                with suppress(duckdb.TransactionException):  # one that could not be committed is over already
                    cursor.rollback()
                raise
            finally:
                cursor.close()

    def take_import(self, run: str, out: Path, at: datetime | None = None) -> Taken:
        """Take in the parts an import left: new traces and problems once each, quarantine, and the count of rows."""
        with self.writing() as cursor:
            _view(cursor, "traces_in", out, "part", SCHEMA)
            _view(cursor, "problems_in", out, "problems", PROBLEMS)
            _view(cursor, "bad_in", out, "quarantine", QUARANTINE)
            cursor.execute(FRESH)
            cursor.execute(NEW_PROBLEMS)
            light = ", ".join(TRACE_COLUMNS)
            fresh = "FROM traces_in SEMI JOIN fresh USING (place)"
            cursor.execute(f"INSERT INTO traces SELECT {light}, $run {fresh} ORDER BY place", {"run": run})
            cursor.execute(f"INSERT INTO texts SELECT id, reasoning, answer, extra {fresh}")
            cursor.execute("INSERT INTO quarantine SELECT $run, file, line, reason, raw FROM bad_in", {"run": run})
            taken = Taken(*(cursor.execute(ROW_COUNTS).fetchone() or (0, 0, 0, 0)))
            self._note_import(cursor, run, out, taken, at or datetime.now(UTC))
            scores.append(cursor, run)
        return taken

    def _note_import(self, cursor: duckdb.DuckDBPyConnection, run: str, out: Path, taken: Taken, at: datetime) -> None:
        files = json.loads((out / "report.json").read_text())["files"]
        names = ", ".join(Path(file["path"]).name for file in files)
        warnings = "\n".join(f"{Path(file['path']).name}: {text}" for file in files for text in file["warnings"])
        conflicts = (cursor.execute("SELECT count(*) FROM conflicts").fetchone() or (0,))[0]
        if conflicts:
            warnings += f"\n{conflicts} problems were already here with another reference answer; the first was kept."
        counts = "(SELECT count(*) FROM fresh), (SELECT count(*) FROM new_problems)"
        cursor.execute(
            f"INSERT INTO imports SELECT $run, $at::TIMESTAMP, $files, $rows, $imported, $duplicates, $quarantined, "
            f"{counts}, $warnings",
            {"run": run, "at": at, "files": names, "warnings": warnings.strip(), **taken._asdict()},
        )
        cursor.execute("INSERT INTO taken_in VALUES ($run)", {"run": run})

    def take_annotation(self, run: str, step: Annotator, paths: list[Path], at: datetime | None = None) -> None:
        """Add an annotator's results for traces of the store; results already there stay.

        Results that compare rows with each other replace older ones, and only when they cover every trace.
        """
        names = ", ".join(column(field.name) for field in annotation_schema(step))
        with self.writing() as cursor:
            if not isinstance(step, QueryAnnotator):
                table = column(f"ann_{step.key()}")
                _create(cursor, table, annotation_schema(step))
                if step.adds_segments:  # they are shown with the trace
                    cursor.execute(f"CREATE INDEX IF NOT EXISTS {column(f'{step.key()}_by_id')} ON {table} (id)")
            if isinstance(step, CorpusAnnotator):
                if not paths or not _cover(cursor, paths):
                    return
                cursor.execute(f"DELETE FROM {table}")
            if paths:
                cursor.execute(
                    f"INSERT INTO {table} SELECT {names} FROM {read_parquet(paths)} "
                    f"WHERE id IN (SELECT id FROM traces) AND id NOT IN (SELECT id FROM {table})"
                )
            self._note_annotation(cursor, step, at or datetime.now(UTC))
            if run:
                cursor.execute("INSERT INTO taken_in VALUES ($run)", {"run": run})
            scores.put_in(cursor, step)

    def _note_annotation(self, cursor: duckdb.DuckDBPyConnection, step: Annotator, at: datetime) -> None:
        cursor.execute("DELETE FROM annotations WHERE key = $key", {"key": step.key()})
        cursor.execute(
            "INSERT INTO annotations VALUES ($key, $op, $spec, $query, $at::TIMESTAMP)",
            {
                "key": step.key(),
                "op": step.title(),
                "spec": json.dumps(step.dump()),
                "query": isinstance(step, QueryAnnotator),
                "at": at,
            },
        )

    def note_taken(self, run: str) -> None:
        """Remember that a run's results are in."""
        with self.writing() as cursor:
            cursor.execute("INSERT INTO taken_in VALUES ($run)", {"run": run})

    def rebuild(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Make `scores` anew from everything that is in the store."""
        scores.rebuild(cursor)

    def taken_in(self) -> set[str]:
        """Ids of the runs whose results are in the store."""
        return {row[0] for row in self.cursor().execute("SELECT run FROM taken_in").fetchall()}


READ_ONLY = "SELECT 1 FROM duckdb_databases() WHERE database_name = current_database() AND readonly"
# Traces not seen before, the first of each id; `place` numbers the incoming rows.
FRESH = """
CREATE OR REPLACE TEMP TABLE fresh AS SELECT min(place) AS place, id FROM (SELECT place, id FROM traces_in)
WHERE id NOT IN (SELECT id FROM traces) GROUP BY id;
"""
NEW_PROBLEMS = """
CREATE OR REPLACE TEMP TABLE offered AS
    SELECT id, question, reference, dataset, split, subject, media, source, line FROM problems_in
    UNION ALL BY NAME
    SELECT problem_id AS id, any_value(question) AS question, any_value(reference) AS reference,
           any_value(dataset) AS dataset, any_value(split) AS split, any_value(subject) AS subject,
           any_value(media) AS media, any_value(source) AS source, min(line) AS line
    FROM traces_in GROUP BY problem_id;
CREATE OR REPLACE TEMP TABLE conflicts AS
    SELECT DISTINCT p.id FROM problems p JOIN offered o USING (id) WHERE p.reference <> o.reference;
CREATE OR REPLACE TEMP TABLE answered AS
    SELECT p.id, any_value(o.reference) AS reference FROM problems p JOIN offered o USING (id)
    WHERE p.reference IS NULL AND o.reference IS NOT NULL GROUP BY p.id;
UPDATE problems SET reference = a.reference FROM answered a WHERE problems.id = a.id;
CREATE OR REPLACE TEMP TABLE new_problems AS
    SELECT id, any_value(question) AS question, any_value(reference) AS reference, any_value(dataset) AS dataset,
           any_value(split) AS split, any_value(subject) AS subject, any_value(media) AS media,
           any_value(source) AS source, any_value(line) AS line
    FROM offered WHERE id NOT IN (SELECT id FROM problems) GROUP BY id;
INSERT INTO problems SELECT id, question, reference, dataset, split, subject, media, source, line FROM new_problems
    ORDER BY source, line, id;
"""
# A source row is imported when it brought a new trace or problem, a duplicate when all it brought was here already.
ROW_COUNTS = """
WITH good AS (
    SELECT source, line, bool_or(place IN (SELECT place FROM fresh)) AS new FROM traces_in GROUP BY source, line
    UNION ALL
    SELECT source, line, bool_or((id, source, line) IN (SELECT (id, source, line) FROM new_problems)
        OR id IN (SELECT id FROM answered)) FROM problems_in GROUP BY source, line
),
bad AS (SELECT DISTINCT file, line FROM bad_in WHERE (file, line) NOT IN (SELECT (source, line) FROM good))
SELECT (SELECT count(*) FROM good) + (SELECT count(*) FROM bad), count(*) FILTER (new), count(*) FILTER (NOT new),
       (SELECT count(*) FROM bad) FROM good
"""


def _create(cursor: duckdb.DuckDBPyConnection, table: str, schema: pa.Schema) -> None:
    """An empty table, unless it is there already.

    Its columns are listed: DuckDB 2.0.0 does not show, until it is started anew, 122,880 and more rows that are
    inserted in the transaction that made the table from a query without rows.
    """
    cursor.register("nothing", schema.empty_table())
    columns = ", ".join(f"{column(row[0])} {row[1]}" for row in cursor.execute("DESCRIBE nothing").fetchall())
    cursor.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")


def _cover(cursor: duckdb.DuckDBPyConnection, paths: list[Path]) -> bool:
    left_out = f"SELECT count(*) FROM traces WHERE id NOT IN (SELECT id FROM {read_parquet(paths)})"
    return cursor.execute(left_out).fetchone() == (0,)


def _view(cursor: duckdb.DuckDBPyConnection, name: str, folder: Path, prefix: str, schema: pa.Schema) -> None:
    """A view over parts with `place`, the number of the incoming row; empty when there are none."""
    paths = sorted(folder.glob(f"{prefix}-*.parquet"))
    if not paths:
        cursor.register("nothing", schema.empty_table())
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT 0::BIGINT AS place, * FROM nothing")
        return
    cursor.execute(
        f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT file_index * 10000000 + file_row_number AS place, * "
        f"FROM {read_parquet(paths)}"
    )


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    """The file to be written, or to be read where it is on a disk that may not be written."""
    try:
        return duckdb.connect(str(path), config={"memory_limit": MEMORY})
    except duckdb.IOException as error:
        if not (path.exists() and denied(error)):
            raise
        return duckdb.connect(str(path), read_only=True, config={"memory_limit": MEMORY})
