"""What the store takes in of runs, and the journal of it: `taken.jsonl`, from which the store can be made anew.

The results themselves stay in the runs' folders; the journal says which were taken in, in which order and when, and
which annotators were computed at once, without a run. A line is written before the store changes, so the last one of
a run is the one that counts:

    {"at": "2026-11-21T09:30:00.123456+00:00", "run": "20261121-093000-import-4f2a", "steps": []}
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from curation.application.sources import Stored
from curation.engine import apply
from curation.operator import OPERATORS, Annotator, QueryAnnotator
from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.runs import Request, Run
from curation.store import Store
from curation.storing import lines

TAKEN = ("import", "annotate", "apply", "generate")  # kinds of runs that leave something for the store


class Taking(NamedTuple):
    """One entry: the results of a run, or annotators computed at once."""

    at: str
    run: str | None = None
    steps: Sequence[dict[str, Any]] = ()

    @property
    def when(self) -> datetime:
        """When it was taken in."""
        return datetime.fromisoformat(self.at)


class Takings:
    """The journal of a workspace."""

    def __init__(self, root: Path) -> None:
        """Name the file; nothing is read yet."""
        self.path = root / "taken.jsonl"

    def note(self, run: str | None = None, steps: Sequence[Annotator] = ()) -> datetime:
        """Write down what is about to be taken in; returns the time to be kept with it."""
        entry = Taking(datetime.now(UTC).isoformat(), run, [step.dump() for step in steps])
        lines.append(self.path, entry._asdict(), "What is taken into the store")
        return entry.when

    def read(self) -> list[Taking]:
        """What was taken in, in order; of a run that was begun more than once, the last."""
        found = lines.read(self.path, lambda values: Taking(**values))
        last = {entry.run: place for place, entry in enumerate(found) if entry.run}
        return [entry for place, entry in enumerate(found) if entry.run is None or last[entry.run] == place]


def take_run(store: Store, run: Run, at: datetime) -> None:
    """Take in what a finished run left for the store."""
    request = run.request
    if request.kind in ("import", "generate"):
        store.take_import(run.id, run.out, at)
    if request.kind in ("annotate", "apply", "generate"):
        for step in _annotators(request):
            store.take_annotation("", step, sorted((run.out / step.key()).glob("part-*.parquet")), at)
    if request.kind in ("annotate", "apply"):
        store.note_taken(run.id)


def compute_here(store: Store, steps: Sequence[Annotator], at: datetime) -> None:
    """Compute annotators that take no time in this process, and take in what the store lacks."""
    for step in steps:
        if isinstance(step, QueryAnnotator):
            store.take_annotation("", step, [], at)
    missing = [step for step in steps if not store.is_complete(step)]
    if not missing:
        return
    with TemporaryDirectory(prefix="winnow-") as scratch, apply(steps, Stored(store, Filter()), Path(scratch)):
        for step in missing:
            store.take_annotation("", step, sorted((Path(scratch) / step.key()).glob("part-*.parquet")), at)


def _annotators(request: Request) -> list[Annotator]:
    """The annotators of a run whose parts may be taken in."""
    values = request.spec.get("measure") or request.spec.get("steps")
    steps = [OPERATORS.parse(v) for v in values] if values else Recipe.read(request.spec["recipe"]).steps
    return [step for step in steps if isinstance(step, Annotator) and not isinstance(step, QueryAnnotator)]
