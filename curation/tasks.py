"""What a run folder can ask for, by kind: each task leaves its results in the run's out/."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pyarrow.parquet as pq

from curation.apart import Apart
from curation.application.cluster import Ray
from curation.application.executors import SMALL, Executor, Local
from curation.application.sources import Parts
from curation.application.trial import ROWS, write_trial
from curation.asker import Asker, Opened
from curation.backends.answer_book import ANSWERS, AnswerBook
from curation.backends.meter import Meter
from curation.connection import Place, find
from curation.curated import CuratedSet, Manifest, Origin, explain, is_set_of, write_set
from curation.engine import apply
from curation.errors import UserError
from curation.generating.work import write_traces
from curation.imports.mapping import Mapping
from curation.imports.remote import bring
from curation.imports.run import SMALL_IMPORT, import_files
from curation.job import Job
from curation.operator import OPERATORS
from curation.recipe import Recipe
from curation.serving import serve_task
from curation.sets.derived import SetSource
from curation.sets.rebuild import Inputs, describe_inputs, refuse_changed
from curation.sets.requests import AGAIN
from curation.table import from_table, parts, read_batches

# ours: 140 MB each, beside 0.8 GB for the rows; four keep 100,000 traces of 5 KB under 1.5 GiB on any machine
WORKERS = 4


def import_task(job: Job) -> None:
    """Read files into parts; the store takes them in when the run is done."""
    inputs = job.request.inputs
    mapping = Mapping.model_validate(inputs["mapping"]) if inputs["mapping"] else None
    with _brought(job, inputs["paths"]) as paths:
        import_files(paths, job.out, mapping, inputs["dataset"], job.progress, _local(SMALL_IMPORT))


def annotate_task(job: Job) -> None:
    """Compute the scores that are missing."""
    steps = [OPERATORS.parse(step) for step in job.request.spec["steps"]]
    with apply(steps, _source(job), job.out, _executor(job), progress=job.progress, asker=asker_of(job)):
        pass


def apply_task(job: Job) -> None:
    """Take traces through a recipe and freeze the outcome as a curated set."""
    inputs, recipe = job.request.inputs, Recipe.read(job.request.spec["recipe"])
    folder, origin = Path(inputs["set"]), Origin.model_validate(inputs["origin"])
    if is_set_of(folder, origin):  # complete, but the worker was killed before it could say so
        return
    executor = _executor(job)  # first: a cluster that cannot be reached is said at once
    here = executor if isinstance(executor, Local) else _local(SMALL)  # what imported goes on with the recipe
    source, made_from = _staged(job, recipe, here)
    again = job.run.folder / "in" / AGAIN
    first = Manifest.model_validate_json(again.read_text(encoding="utf-8")) if again.is_file() else None
    if first:
        refuse_changed(first.name, first.inputs, made_from)
    inherited = source.curated.manifest.measured if isinstance(source, SetSource) else []
    with apply(recipe.steps, source, job.out, executor, progress=job.progress, asker=asker_of(job)) as result:
        made = write_set(folder, result, origin, made_from, inherited)
    if first and made.manifest.parts != first.parts:
        raise UserError(explain(first, made))


def _staged(job: Job, recipe: Recipe, here: Local) -> tuple[Parts, Inputs]:
    """What a recipe is applied to, files imported first, and its hashes."""
    inputs, folder = job.request.inputs, job.run.folder / "in"
    if inputs.get("parent"):
        source: Parts = SetSource(CuratedSet(Path(inputs["parent"])), recipe.steps, folder / "known")
        return source, describe_inputs(source.paths)
    files: dict[str, str] = {}
    if inputs.get("files"):
        with _brought(job, inputs["files"]) as paths:
            report = import_files(paths, folder, progress=job.progress, executor=here)
        files = {file.path: file.sha256 for file in report.files}
    folder = Path(inputs.get("frozen") or folder)  # rows that several runs start from
    source = Parts(parts(folder), folder / "known")
    return source, describe_inputs(source.paths, folder / "known" / "labels.parquet", files)


@contextmanager
def _brought(job: Job, places: list[str]) -> Iterator[list[Path]]:
    """The files of a request on this machine; copies of what lies elsewhere are gone once they were read."""
    copies = job.run.folder / "in" / "fetched"
    yield bring(places, copies, job.progress)
    shutil.rmtree(copies, ignore_errors=True)


def try_task(job: Job) -> None:
    """Ask about a few rows, to see what a step would do."""
    step, folder = OPERATORS.parse(job.request.spec["step"]), job.run.folder / "in"
    traces = [trace for batch in read_batches(parts(folder)) for trace in from_table(batch)]
    job.progress(0, len(traces), step.title())
    write_trial(step, traces, pq.read_table(folder / ROWS), asker_of(job), job.out)
    job.progress(len(traces), len(traces), step.title())


def generate_task(job: Job) -> None:
    """Let a model write traces of problems; the store takes them in when the run is done."""
    write_traces(job, asker_of(job))


def asker_of(job: Job) -> Asker:
    """What the run's steps ask models through: answers are kept in the workspace, their cost is counted in out/."""
    root, meter = job.run.folder.parents[1], Meter(job.out / "usage.jsonl")

    def counted() -> None:
        job.counts(meter.totals.as_metrics())

    def opened(name: str) -> Opened:
        connection = find(name, root)
        found = connection.open(name, Place(root))
        if connection.here:
            return found
        return replace(found, model=Apart(job.run.folder, name, job.stopping), apart=True)

    return Asker(opened, AnswerBook(root / ANSWERS), meter, job.run.id, job.check, counted)


def _source(job: Job) -> Parts:
    folder = job.run.folder / "in"
    return Parts(parts(folder), folder / "known")


def _executor(job: Job) -> Executor:
    """Where the run's request says that operators compute."""
    if cluster := job.request.inputs.get("cluster"):
        return Ray(cluster)
    return _local(SMALL)


def _local(small: int) -> Local:
    """The processes of this machine, for so many batches or more."""
    return Local(int(os.environ.get("WINNOW_WORKERS") or min(psutil.cpu_count() or 1, WORKERS)), small)


TASKS = {
    "import": import_task,
    "annotate": annotate_task,
    "apply": apply_task,
    "try": try_task,
    "generate": generate_task,
    "serve": serve_task,
}
