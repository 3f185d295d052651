"""How fast a curated set is written for a trainer, beside DuckDB writing the same columns, and the disk alone."""

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb

from curation.application.batches import read_parquet
from curation.curated import CuratedSet
from curation.exports.registry import export_set
from curation.operator import literal
from tests.bench.bench import Bench
from tests.bench.clock import seconds
from tests.bench.figures import Figure
from tests.bench.recipe import kept

COLUMNS = {"messages": "question, reasoning, answer, id", "parquet": "*"}
KINDS = {"messages": "json", "parquet": "parquet, COMPRESSION zstd"}


def figures(bench: Bench) -> Iterator[Figure]:
    """Chats and Parquet, of the set a recipe left."""
    curated, out = kept(bench), bench.folder / "exported"
    rows = curated.manifest.rows
    for form, columns in COLUMNS.items():
        beside = rows / seconds(lambda columns=columns, form=form: _plain(curated, columns, KINDS[form], out))
        pace = rows / seconds(lambda form=form: export_set(curated, form, out))
        yield Figure(f"export {form}", pace, "traces/s", rows, "DuckDB's COPY", beside)
    size = out.stat().st_size
    yield Figure("write the same bytes to disk", size / 1e6 / seconds(lambda: _write(out)), "MB/s", rows)
    out.unlink()


def _plain(curated: CuratedSet, columns: str, kind: str, out: Path) -> None:
    query = f"COPY (SELECT {columns} FROM {read_parquet(curated.paths)}) TO {literal(str(out))} (FORMAT {kind})"
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    connection.execute(query)


def _write(out: Path) -> None:
    content = bytes(1 << 22)
    size = out.stat().st_size
    with out.open("wb") as file:
        for _ in range(size // len(content) + 1):
            file.write(content)
        file.flush()
        os.fsync(file.fileno())
