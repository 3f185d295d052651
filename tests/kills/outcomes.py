"""What can be compared of finished work: tables of a store, files of a folder, results without their times."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from curation.curated import CuratedSet, describe_part
from curation.operator import column
from curation.store import Store
from curation.workspace import Workspace

TABLES = "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT temporary"
DRAWN = ("run", "taken")  # columns whose values are drawn at random or are times
TIMES = ("seconds", "created", "time", "libraries")


def tables(store: Store, without: tuple[str, ...] = DRAWN) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of a store by name: its rows in order, with the names of its columns before them."""
    names = sorted(row[0] for row in store.cursor().execute(TABLES).fetchall())
    return {name: _rows(store, name, without) for name in names}


def _rows(store: Store, name: str, without: tuple[str, ...]) -> list[tuple[Any, ...]]:
    columns = [row[0] for row in store.cursor().execute(f"DESCRIBE {column(name)}").fetchall()]
    kept = [one for one in columns if one not in without]
    wanted = ", ".join(map(column, kept)) or "1 AS row"
    # of many parts DuckDB inserts the rows in any order; these tables are looked up by id
    order = "id" if name == "texts" or name.startswith("ann_") else "rowid"
    return [tuple(kept), *store.cursor().execute(f"SELECT {wanted} FROM {column(name)} ORDER BY {order}").fetchall()]


def stored(root: Path) -> dict[str, object]:
    """The tables of a workspace that nobody has open, once everything finished is taken in."""
    work = Workspace(root)
    with closing(work.store):
        work.take_in()
        return {f"table {name}": rows for name, rows in tables(work.store).items()}


def counts(root: Path) -> dict[str, int]:
    """Rows by table, as they are."""
    with closing(Store(root / "winnow.duckdb")) as store:
        return {name: len(rows) - 1 for name, rows in tables(store).items()}


def files(folder: Path, pattern: str) -> dict[str, object]:
    """Files by their path, as hashes of their bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob(pattern))
    }


def document(path: Path) -> dict[str, object]:
    """A JSON file without times."""
    return {f"{path.name} {name}": timeless(value) for name, value in json.loads(path.read_text()).items()
            if name not in TIMES}  # fmt: skip


def timeless(value: object) -> object:
    """A JSON value without times."""
    if isinstance(value, Mapping):
        return {name: timeless(inner) for name, inner in value.items() if name not in TIMES}
    return [timeless(inner) for inner in value] if isinstance(value, list) else value


def read_every_part(folder: Path) -> None:
    """Assert that a file with the name of a part is one."""
    for path in folder.rglob("*.parquet"):
        assert pq.read_table(path).num_rows >= 0, path


def whole_sets(root: Path) -> list[str]:
    """The names of the sets one can see; asserts that each is whole."""
    seen = sorted(path.name for path in (root / "sets").iterdir() if not path.name.startswith("."))
    for name in seen:
        assert (root / "sets" / name / "manifest.json").is_file(), f"half a set: {name}"
        curated = CuratedSet(root / "sets" / name)
        assert [describe_part(path) for path in curated.paths] == curated.manifest.parts, f"parts of {name}"
        assert pq.read_table(curated.ledger).num_rows > 0
    return seen
