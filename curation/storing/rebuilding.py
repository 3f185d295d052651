"""The store made anew from what it was made of: runs, the journal of what was taken in of them, and labels.jsonl."""

import argparse
import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from curation.console import write
from curation.disk import refusal
from curation.errors import UserError
from curation.operator import OPERATORS, Annotator, QueryAnnotator
from curation.runs import Run, all_runs
from curation.store import Store
from curation.storing.damage import STORE, trouble
from curation.storing.taking import TAKEN, Taking, compute_here, take_run
from curation.workspace import Workspace

SCRATCH = ".rebuild"  # in a workspace, while its store is made anew


class Rebuilt(NamedTuple):
    """What a new store was made of, what could not be brought back, and where the old file lies."""

    runs: int
    labels: int
    missing: list[str]
    kept: Path | None


def rebuild_store(work: Workspace) -> Rebuilt:
    """Make the store anew and put it into its place, the old file beside it; UserError while somebody has it open."""
    scratch = work.root / SCRATCH
    try:
        _refuse_open(work.root / STORE)
        shutil.rmtree(scratch, ignore_errors=True)
        with closing(Store(scratch / STORE)) as store:
            entries = [*_unnoted(work), *work.takings.read()]
            missing = [reason for entry in entries if (reason := _replay(work, store, entry))]
            labels = work.settle(store)
            runs = len(store.taken_in())
        kept = _put_aside(work.root / STORE)
        (scratch / STORE).replace(work.root / STORE)
    except OSError as error:
        raise UserError(refusal(error, work.root) or f"The store cannot be made anew: {error.strerror}.") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Rebuilt(runs, labels, missing, kept)


def rebuild_store_command(work: Workspace, given: argparse.Namespace) -> None:
    """Make the store anew from runs and journals; the old file is kept."""
    found = rebuild_store(work)
    if given.json:
        return write(json.dumps({**found._asdict(), "kept": str(found.kept) if found.kept else None}))
    write(f"The store is made anew from {found.runs} runs and {found.labels} events of labels.")
    for reason in found.missing:
        write(f"Not brought back: {reason}")
    if found.kept:
        write(f"The old file is kept as {found.kept}")


def _unnoted(work: Workspace) -> Iterator[Taking]:
    """Runs that were taken in before there was a journal, oldest first, as if each was taken in when it ended.

    One that ended later and is not in the journal was never taken in: whoever opens the workspace does that.
    """
    entries = work.takings.read()
    began, noted = entries[0].when if entries else datetime.now(UTC), {entry.run for entry in entries}
    done = [run for run in all_runs(work.runs_root) if run.request.kind in TAKEN and run.status().state == "done"]
    for run in sorted(done, key=_ended):
        if run.id not in noted and _ended(run) < began:
            yield from _as_taken(run, _ended(run))


def _ended(run: Run) -> datetime:
    ended = run.status().ended
    return datetime.fromtimestamp(ended, UTC) if ended else run.created


def _as_taken(run: Run, at: datetime) -> Iterator[Taking]:
    """The run's results, and the annotators by query that were asked for with them."""
    yield Taking(at.isoformat(), run.id)
    queries = [one for one in run.request.spec.get("steps", []) if isinstance(OPERATORS.parse(one), QueryAnnotator)]
    if queries:
        yield Taking(at.isoformat(), None, queries)


def _replay(work: Workspace, store: Store, entry: Taking) -> str | None:
    """Take in once more what was taken in; why not, where that is no longer possible."""
    what = f"run {entry.run}" if entry.run else ", ".join(str(step["op"]) for step in entry.steps)
    try:
        if entry.run is None:
            compute_here(store, _at_once(store, entry), entry.when)
        elif (work.runs_root / entry.run / "run.json").is_file():
            take_run(store, Run(work.runs_root / entry.run), entry.when)
        else:
            return f"{what}, taken in on {entry.at[:10]}: its folder is gone. Import or measure it again."
    except (UserError, duckdb.Error, FileNotFoundError) as error:
        blamed = trouble(error, work.root)
        if blamed:
            raise blamed from None
        return f"{what}, taken in on {entry.at[:10]}: {str(error).splitlines()[0]}"
    return None


def _at_once(store: Store, entry: Taking) -> list[Annotator]:
    """The entry's annotators; UserError where they rest on one that takes long and whose results are gone."""
    steps = [step for value in entry.steps if isinstance(step := OPERATORS.parse(value), Annotator)]
    gone = [step.title() for step in steps if not step.at_once() and not store.is_complete(step)]
    if gone:
        raise UserError(f"it rests on {', '.join(gone)}, of which some results are gone. Measure it again.")
    return steps


def _refuse_open(path: Path) -> None:
    """UserError while another process has the file open: it would go on with the old one, and lose what it writes."""
    if not path.exists():
        return
    with open(path, "rb+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # of the kind DuckDB takes
        except BlockingIOError:
            raise UserError(
                f"The store {path} is open in another process. Stop every Winnow of this workspace and try again."
            ) from None


def _put_aside(path: Path) -> Path | None:
    """Rename the file, and the log of writes that belongs to it; None where there is none."""
    if not path.exists():
        return None
    kept = path.with_name(f"{path.name}.broken-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    log = path.with_name(path.name + ".wal")
    if log.exists():
        log.replace(kept.with_name(kept.name + ".wal"))
    path.replace(kept)
    return kept
