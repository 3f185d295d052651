"""Taking the results of finished runs into a workspace's store, and measuring what an import asked to be measured."""

import threading
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

import duckdb

from curation.errors import UserError
from curation.operator import OPERATORS, Annotator, Operator
from curation.query.filters import Filter
from curation.runs import Run, all_runs
from curation.store import Store
from curation.storing.damage import trouble
from curation.storing.taking import TAKEN, Takings, take_run


class TakingIn:
    """The part of a workspace that looks at what its runs left."""

    root: Path
    runs_root: Path
    takings: Takings
    _taking: threading.Lock
    _looked_at: dict[str, tuple[int, int] | None]  # runs by the status they had

    @property
    @abstractmethod
    def store(self) -> Store:
        """Where results go."""

    @abstractmethod
    def annotate_run(self, steps: Sequence[Annotator], chosen: Filter, of: str | None = None) -> Run | None:
        """The run that measures, if it takes one."""

    @abstractmethod
    def missing_scores(self, steps: Sequence[Operator]) -> list[Annotator]:
        """Annotators whose results the store lacks for some trace."""

    def take_in(self) -> list[str]:
        """Take the results of finished runs into the store; returns the ids of those taken in now.

        Raises UserError, once a process, for results that cannot be read; the others are taken in all the same.
        Nobody waits for another one who is taking results in: until that is done there is nothing more to take.
        """
        if not self._taking.acquire(blocking=False):
            return []
        try:
            stamps = {run: run.stamp() for run in all_runs(self.runs_root)}
            changed = [run for run, stamp in stamps.items() if self._looked_at.get(run.id) != stamp]
            done = [run for run in reversed(changed) if run.status().state == "done"]
            known = self.store.taken_in() if done else set()
            new = [run for run in done if run.id not in known]
            broken = {run.id: reason for run in new if (reason := self._take(run))}
            self._looked_at = {run.id: stamp for run, stamp in stamps.items()}
            for run in done:
                if run.id not in broken:
                    self._measure(run)
            if broken:
                raise UserError(" ".join(broken.values()))
            return [run.id for run in new]
        finally:
            self._taking.release()

    def is_taking_in(self) -> bool:
        """Whether somebody is taking results in at this moment."""
        return self._taking.locked()

    def _take(self, run: Run) -> str | None:
        """Take one run's results in, all or nothing; why not, when they cannot be read."""
        try:
            if run.request.kind in TAKEN:
                take_run(self.store, run, self.takings.note(run.id))
        except (duckdb.Error, OSError) as error:
            blamed = trouble(error, self.root)
            if blamed:  # nothing is wrong with the run: it is taken in once there is room
                raise blamed from None
            reason = str(error).split("\n")[0]
            return (
                f"The results of run {run.id} cannot be read ({reason}), so none of them was taken in: remove "
                f"the folder {run.folder} and do it again."
            )
        return None

    def _measure(self, run: Run) -> None:
        """Start measuring what an import asked for, unless that was started: a stop may have come before it."""
        wanted = run.request.spec.get("measure", []) if run.request.kind == "import" else []
        steps = [step for value in wanted if isinstance(step := OPERATORS.parse(value), Annotator)]
        if not self.missing_scores(steps):
            return
        started = any(other.request.inputs.get("of") == run.id for other in all_runs(self.runs_root))
        measuring = None if started else self.annotate_run(steps, Filter(), of=run.id)
        if measuring:
            measuring.launch()
