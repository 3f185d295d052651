"""What the parts of a bench share: files of traces, and a workspace that holds and has measured them."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from curation.application.batches import annotation_schema, read_parquet
from curation.application.executors import Local
from curation.application.sources import Parts
from curation.engine import apply
from curation.imports.run import SMALL_IMPORT, import_files
from curation.operator import OPERATORS, Annotator, QueryAnnotator, column, literal
from curation.table import to_table, write_part
from curation.workspace import Workspace, basics
from tests.bench.figures import Figure
from tests.bench.traces import Kind, traces, write

MEASURED = 10_000  # traces that are measured; every other one is dealt the scores of one of them
WORKERS = 2  # processes of Winnow and of each peer
Part = Callable[["Bench"], Iterator[Figure]]


@dataclass(frozen=True)
class Bench:
    """So many traces, and a folder for whatever is made of them; `alone` leaves the peers out."""

    rows: int
    folder: Path
    alone: bool = False

    def files(self, kind: Kind = "jsonl", rows: int | None = None) -> list[Path]:
        """The traces as files, written once."""
        rows = rows or self.rows
        return write(self.folder / f"{kind}-{rows}", rows, kind)

    @property
    def root(self) -> Path:
        """The folder of the workspace."""
        return self.folder / f"workspace-{self.rows}"

    def imported(self) -> Workspace:
        """A workspace that holds the traces."""
        work = Workspace(self.root)
        if work.is_empty():
            take_files(work, self.files())
        return work

    def measured(self) -> Workspace:
        """A workspace whose traces are measured by the basics and embedded."""
        work = self.imported()
        if "n_tokens" not in work.store.columns():
            measure(work, self.rows)
        return work


def take_files(work: Workspace, paths: list[Path]) -> None:
    """Import files into the store, as a run and the app do."""
    with TemporaryDirectory(dir=work.root) as folder:
        import_files(paths, Path(folder), executor=Local(WORKERS, SMALL_IMPORT))
        work.store.take_import("bench", Path(folder))


def measure(work: Workspace, rows: int) -> None:
    """Give every trace the scores of the basics and a vector.

    The first MEASURED are measured. The others are dealt what was found of those, without segments, which would not
    fit their text: so that a million traces are ready in minutes, with scores distributed as measured ones are.
    """
    steps = [*basics(), OPERATORS.parse({"op": "embed"})]
    chosen = [step for step in steps if isinstance(step, Annotator) and not isinstance(step, QueryAnnotator)]
    with TemporaryDirectory(dir=work.root) as name:
        scratch = Path(name)
        part = scratch / "part-00000.parquet"
        write_part(to_table(traces(min(MEASURED, rows))), part)
        with apply(chosen, Parts([part]), scratch, Local(WORKERS)):
            pass
        for step in chosen:
            work.store.take_annotation("", step, [_deal(work, step, scratch / step.key())])
            shutil.rmtree(scratch / step.key())
    for step in steps:
        if isinstance(step, QueryAnnotator):
            work.store.take_annotation("", step, [])


def _deal(work: Workspace, step: Annotator, folder: Path) -> Path:
    """A part with a result for every trace of the store."""
    names = [column(name) for name in annotation_schema(step).names if name not in ("id", "segments")]
    own = ", if(t.id = m.id, m.segments, NULL) AS segments" if step.adds_segments else ""
    path = folder.with_suffix(".parquet")
    measured = read_parquet(sorted(folder.glob("part-*.parquet")))
    work.store.cursor().execute(
        f"COPY (WITH m AS (SELECT *, row_number() OVER () - 1 AS place FROM {measured}), t AS (SELECT id, "
        f"(row_number() OVER (ORDER BY rowid) - 1) % (SELECT count(*) FROM m) AS place FROM traces) "
        f"SELECT t.id, {', '.join(f'm.{name}' for name in names)}{own} FROM t JOIN m USING (place)) "
        f"TO {literal(str(path))} (FORMAT parquet)"
    )
    return path
