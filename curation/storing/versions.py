"""Versions of the store's tables: what a file has, and the migrations that bring an older one up to ours.

`schema.sql` makes the tables as they are now. A change to them raises `VERSION` and adds `migrations/NNN_what.sql`,
which makes a store of version NNN out of one of the version before. Before the first migration a copy of the file is
kept beside it as `winnow.duckdb.bak-<version>`.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb

from curation.disk import refusal
from curation.errors import UserError

Connect = Callable[[Path], duckdb.DuckDBPyConnection]
VERSION = 2
SCHEMA_SQL = Path(__file__).parent / "schema.sql"
MIGRATIONS = Path(__file__).parent / "migrations"
TABLES = "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT temporary"


def found(connection: duckdb.DuckDBPyConnection) -> int | None:
    """The version of a store's tables; 0 where it was made before they had one, None where there are none yet."""
    tables = {row[0] for row in connection.execute(TABLES).fetchall()}
    if "version" in tables:
        return int((connection.execute("SELECT max(version) FROM version").fetchone() or (0,))[0])
    return 0 if "traces" in tables else None


def opened(path: Path, connect: Connect) -> tuple[duckdb.DuckDBPyConnection, int | None]:
    """The file and the version of its tables; a copy is kept beside it where they are to be migrated."""
    connection = connect(path)
    version = found(connection)
    refuse_newer(path, version)
    if version is not None and version < VERSION:
        # closed first: the copy would take the lock of the file away, a process loses them all with any it closes
        connection.close()
        keep_copy(path, version)
        connection = connect(path)
    return connection, version


def refuse_newer(path: Path, version: int | None) -> None:
    """UserError for a store that a later Winnow has changed."""
    if version is not None and version > VERSION:
        raise UserError(
            f"The store {path} was written by a newer Winnow: its tables have version {version}, and this one knows "
            f"them up to {VERSION}. Start the newer Winnow, or put back the copy {copy_of(path, VERSION).name} if "
            "there is one."
        )


def copy_of(path: Path, version: int) -> Path:
    """Where a store's file is kept as it was before its tables left a version."""
    return path.with_name(f"{path.name}.bak-{version}")


def keep_copy(path: Path, version: int) -> None:
    """Copy the closed file before it is migrated; a migration that fails leaves the file as it was."""
    kept = copy_of(path, version)
    temporary = kept.with_name(kept.name + ".tmp")
    try:
        shutil.copyfile(path, temporary)
        temporary.replace(kept)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        reason = refusal(error, path.parent) or f"{kept} cannot be written: {error.strerror}."
        raise UserError(f"The store {path} has to be copied before its tables are changed. {reason}") from None


def bring_up(cursor: duckdb.DuckDBPyConnection, version: int | None) -> None:
    """Make the tables of a new store, or bring older ones up to ours, in the cursor's transaction."""
    if version is None:
        cursor.execute(SCHEMA_SQL.read_text(encoding="utf-8"))
    else:
        for path in sorted(MIGRATIONS.glob("*.sql")):
            if int(path.name[:3]) > version:
                cursor.execute(path.read_text(encoding="utf-8"))
    cursor.execute("DELETE FROM version")
    cursor.execute("INSERT INTO version VALUES ($version)", {"version": VERSION})
