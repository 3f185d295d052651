"""CuratedSet: the frozen output of a recipe; manifest.json, part-*.parquet, ledger.parquet in one folder."""

import hashlib
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from curation.application.report import StepReport
from curation.application.result import Result
from curation.errors import UserError
from curation.operator import Annotator, CorpusAnnotator, QueryAnnotator
from curation.runs import VERSION
from curation.sets.rebuild import Inputs, libraries, moved_on
from curation.table import SCHEMA, from_table, parts, read_batches, write_part
from curation.trace import Trace


class Part(BaseModel):
    """One parquet file of a set and the hash of its bytes."""

    file: str
    rows: int
    sha256: str


class Origin(BaseModel):
    """Where a set comes from: recipe, source and the command that builds it again."""

    model_config = ConfigDict(frozen=True)
    name: str
    recipe: str
    recipe_yaml: str
    source: dict[str, Any]
    rebuild: str


class Manifest(Origin):
    """Everything needed to say where a set came from, what was done and what it holds."""

    created: str
    rows: int
    problems: int
    tokens: int | None
    steps: list[StepReport]
    scores: list[str]
    parts: list[Part]
    code_version: str
    inputs: Inputs | None = None
    measured: list[dict[str, Any]] = []  # annotators whose scores the rows carry, where a trace alone decides them
    files: dict[str, int] = {}  # rows by the file they were imported from
    libraries: dict[str, str] = {}


class CuratedSet:
    """Reads one frozen set."""

    def __init__(self, folder: Path) -> None:
        """UserError when the folder holds no finished set."""
        path = folder / "manifest.json"
        if not path.is_file():
            known = ", ".join(sorted(p.parent.name for p in folder.parent.glob("*/manifest.json"))) or "none yet"
            raise UserError(f"There is no curated set '{folder.name}' in {folder.parent}; sets: {known}.")
        self.folder = folder
        self.manifest = Manifest.model_validate_json(path.read_text(encoding="utf-8"))

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def paths(self) -> list[Path]:
        """The parquet parts in row order."""
        return parts(self.folder)

    @property
    def ledger(self) -> Path:
        """The verdict ledger's parquet file."""
        return self.folder / "ledger.parquet"

    def schema(self) -> pa.Schema:
        """The columns of the parts: table.SCHEMA and the scores."""
        return pq.read_schema(self.paths[0]) if self.paths else SCHEMA

    def tables(self) -> Iterator[pa.Table]:
        """Tables in row order with the scores, a batch in memory at a time."""
        for batch in read_batches(self.paths):
            yield pa.Table.from_batches([batch])

    def traces(self, start: int = 0) -> Iterator[Trace]:
        """Every trace in row order from row `start` on, a batch in memory at a time; parts before it are not read."""
        paths, before = self.paths, 0
        while paths and before + pq.read_metadata(paths[0]).num_rows <= start:
            before += pq.read_metadata(paths.pop(0)).num_rows
        for batch in read_batches(paths):
            skipped = min(max(0, start - before), batch.num_rows)
            before += batch.num_rows
            yield from from_table(batch.slice(skipped))

    def ids(self) -> list[str]:
        """The ids of all traces in row order."""
        return [value for batch in read_batches(self.paths, ["id"]) for value in batch.column("id").to_pylist()]

    def find(self, trace_id: str) -> Trace | None:
        """The trace of that id; only ids are read on the way to it."""
        ids = self.ids()
        return next(self.traces(ids.index(trace_id))) if trace_id in ids else None


def write_set(
    folder: Path,
    result: Result,
    origin: Origin,
    inputs: Inputs | None = None,
    inherited: Sequence[dict[str, Any]] = (),
) -> CuratedSet:
    """Freeze a result: parts with their scores, ledger, manifest last; the folder appears when it is complete.

    The origin is what the result does not know: name, recipe, source, rebuild command. `inherited` are the annotators
    whose scores the source's rows already carried.
    """
    if folder.exists():
        raise UserError(f"A curated set '{folder.name}' exists already in {folder.parent}; choose another name.")
    temporary = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    scores = result.scores()
    written, files = _write_parts(temporary, result, scores)
    result.write_ledger(temporary / "ledger.parquet")
    last = result.reports[-1] if result.reports else None
    manifest = Manifest(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        rows=result.count("count(*)"),
        problems=result.count("count(DISTINCT problem_id)"),
        tokens=last.tokens if last else None,
        steps=result.reports,
        scores=scores,
        parts=[describe_part(path) for path in written],
        code_version=VERSION,
        inputs=inputs,
        measured=_measured(result, scores, inherited),
        files=dict(sorted(files.items())),
        libraries=libraries(),
        **dict(origin),
    )
    (temporary / "manifest.json").write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    temporary.rename(folder)
    return CuratedSet(folder)


def _write_parts(folder: Path, result: Result, scores: list[str]) -> tuple[list[Path], Counter[str]]:
    """The parts of a result, each compressed while the next rows are read, and how many rows come from each file."""
    written, files = list[Path](), Counter[str]()
    with ThreadPoolExecutor(1) as aside:
        writing: Future[None] = aside.submit(lambda: None)
        for number, batch in enumerate(result.batches()):
            table = batch.table()
            files.update(table.column("source").to_pylist())
            written.append(folder / f"part-{number:05d}.parquet")
            table = result.with_scores(table, scores)
            writing.result()
            writing = aside.submit(write_part, table, written[-1])
        writing.result()
    return written, files


def _measured(result: Result, scores: Sequence[str], inherited: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The annotators whose scores survived every mapper, the source's among them where there was none."""
    found = list(inherited)
    for step in result.steps:
        if step.kind == "mapper":
            found = []
        elif isinstance(step, Annotator) and not isinstance(step, QueryAnnotator | CorpusAnnotator):
            found += [step.dump()] if step.dump() not in found and set(step.adds()) <= set(scores) else []
    return found


def explain(first: Manifest, made: CuratedSet) -> str:
    """Why a rebuilt set is not equal to the first, in one sentence."""
    now = made.manifest
    parts = [part.file for part in first.parts if part not in now.parts]
    what = (
        f"it has {now.rows:,} rows instead of {first.rows:,}"
        if now.rows != first.rows
        else f"{len(parts)} of {len(first.parts)} parts have other bytes"
    )
    versions = moved_on(first.libraries)
    why = f" ({'; '.join(versions)})" if versions else " although its inputs are the same"
    return (
        f"The rebuilt set '{made.name}' is not equal to '{first.name}': {what}{why}. It was kept; "
        f"python -m curation diff {first.name} {made.name} shows the rows."
    )


def is_set_of(folder: Path, origin: Origin) -> bool:
    """True when the folder holds a finished set made from this very origin."""
    return (folder / "manifest.json").is_file() and origin == Origin(
        **CuratedSet(folder).manifest.model_dump(include=set(Origin.model_fields))
    )


def all_sets(root: Path) -> list[CuratedSet]:
    """The finished sets under root, newest first."""
    found = [CuratedSet(path.parent) for path in root.glob("*/manifest.json")]
    return sorted(found, key=lambda curated: curated.manifest.created, reverse=True)


def describe_part(path: Path) -> Part:
    """Row count and hash of a written part."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Part(file=path.name, rows=pq.ParquetFile(path).metadata.num_rows, sha256=digest)
