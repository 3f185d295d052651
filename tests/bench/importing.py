"""How fast files become traces of the store, against DuckDB's own reader into the same table, and the bytes."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from curation.application.batches import read_parquet
from curation.operator import literal
from curation.store import MEMORY
from curation.storing.versions import SCHEMA_SQL
from curation.workspace import Workspace
from tests.bench.bench import Bench, take_files
from tests.bench.clock import Peak, seconds
from tests.bench.figures import Figure
from tests.bench.traces import Kind, Row

SHARE = "ratio >= 0.8"  # of DuckDB's own pace
PACKED: tuple[Kind, ...] = ("jsonl.gz", "parquet")
MOST = 200_000  # of the packed formats, whose cost a row is that of the plain one and unpacking
ID = "left(sha256(concat(question, reasoning, answer, model)), 32)"
PLAIN = f"{{{', '.join(f'{name}: VARCHAR' for name in Row._fields)}}}"


def figures(bench: Bench) -> Iterator[Figure]:
    """JSON lines in full, which later parts work on, then the packed formats; each beside its limits."""
    shutil.rmtree(bench.root, ignore_errors=True)
    paths, work = bench.files(), Workspace(bench.root)
    peak = Peak()

    def watched() -> None:
        with peak:
            take_files(work, paths)

    yield _beside_duckdb("jsonl", paths, bench.rows, watched)
    yield Figure("memory of an import", peak.gib, "GiB", bench.rows)
    rows = min(bench.rows, MOST)
    for kind in PACKED:
        with TemporaryDirectory(dir=bench.folder) as folder:
            other, packed = Workspace(Path(folder)), bench.files(kind, rows)
            yield _beside_duckdb(kind, packed, rows, lambda: take_files(other, packed))  # noqa: B023
            other.store.close()
    size = sum(path.stat().st_size for path in paths)
    yield Figure("read JSON lines from disk alone", size / 1e6 / seconds(lambda: _read(paths)), "MB/s", bench.rows)


def _beside_duckdb(kind: Kind, paths: Sequence[Path], rows: int, work: Callable[[], object]) -> Figure:
    beside = rows / seconds(lambda: _raw(kind, paths))
    return Figure(f"import {kind}", rows / seconds(work), "traces/s", rows, "DuckDB's own reader", beside, SHARE)


def _raw(kind: Kind, paths: Sequence[Path]) -> None:
    """The texts of the files in the table that a store has for them; nothing is checked or told apart."""
    listed = ", ".join(literal(str(path)) for path in paths)
    source = read_parquet(paths) if kind == "parquet" else f"read_json([{listed}], columns = {PLAIN})"
    with TemporaryDirectory(dir=paths[0].parents[1]) as folder:
        connection = duckdb.connect(f"{folder}/raw.duckdb", config={"memory_limit": MEMORY})
        connection.execute("SET enable_progress_bar = false")
        connection.execute(SCHEMA_SQL.read_text(encoding="utf-8"))
        connection.execute(f"INSERT INTO texts SELECT {ID}, reasoning, answer, '{{}}' FROM {source}")
        connection.close()


def _read(paths: Sequence[Path]) -> None:
    for path in paths:
        with path.open("rb") as file:
            while file.read(1 << 22):
                pass
