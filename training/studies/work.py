"""The study task: every cell applied, trained and evaluated as ordinary runs, one after the other.

The study's own run is light: it only starts other runs and waits for them. What is finished, here or by an equal
request of any other study, is not done again, so a killed study goes on where it stopped. A cell that fails is told
and the others go on.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from curation.benchmarks import locate
from curation.curated import CuratedSet, Origin, is_set_of
from curation.errors import UserError
from curation.job import Cancelled, Job
from curation.query.filters import Filter
from curation.runs import ACTIVE, Request, Run, all_runs, create, replace_text
from curation.sets.requests import request as apply_request
from curation.trace import content_id
from training.launch import evaluate_request, train_request
from training.student import resolve
from training.studies.grid import Cell, axes, expand
from training.studies.report import write
from training.studies.results import Finished, outcomes
from training.studies.study import Study

POLL = 0.2  # seconds
LIVES = 3  # ours: a run whose process vanished is resumed; one that vanishes each time is out of memory, say


class CellFailed(Exception):
    """One run of a cell did not finish; the other cells go on."""


def study(job: Job, start: Callable[[Run], None] = Run.launch) -> None:
    """Work through the cells, starting their runs; UserError at the end when some of them failed."""
    work = Work(job, start)
    for number, cell in enumerate(work.cells):
        work.told(cell, state="running")
        try:
            finished = work.finish_cell(cell)
        except (CellFailed, UserError) as error:
            work.told(cell, state="failed", error=str(error))
        else:
            work.finished.append(finished)
            work.told(cell, state="done", **numbers(finished))
            work.report()
        job.progress(number + 1, len(work.cells), "cells")
    failed = [row for row in work.board if row["state"] == "failed"]
    work.report()
    if failed:
        raise UserError(
            f"{len(failed)} of {len(work.cells)} cells failed, first {failed[0]['name']}: {failed[0]['error']} "
            "Resuming does only what is missing."
        )


def numbers(finished: Finished) -> dict[str, Any]:
    """What the list of cells shows of a finished one."""
    scores = finished.evaluated.result("scores.json") or {}
    return {name: scores.get(name) for name in ("accuracy", "mean_tokens", "no_answer_rate")}


class Work:
    """The cells of one study's run and what has become of them."""

    def __init__(self, job: Job, start: Callable[[Run], None]) -> None:
        """Read the request; nothing is started yet."""
        self.job, self.start, self.runs = job, start, job.run.folder.parent
        self.root = self.runs.parent
        self.study = Study.parse(job.request.spec)
        self.sources: dict[str, dict[str, Any]] = job.request.inputs["sources"]
        self.cells = expand(self.study)
        self.finished: list[Finished] = []
        self.failed: dict[str, str] = {}  # runs that failed since this worker began, by id
        self.known = {_key(run.request): run for run in reversed(all_runs(self.runs)) if run.request.kind != "study"}
        self.board: list[dict[str, Any]] = [
            {
                "id": cell.id,
                "name": cell.name,
                "labels": cell.labels,
                "seed": cell.seed,
                "state": "waiting",
                "runs": {},
            }
            for cell in self.cells
        ]

    def told(self, cell: Cell, **values: Any) -> None:  # noqa: ANN401
        """Write what became of a cell into cells.json."""
        self._row(cell).update(values)
        replace_text(self.job.out / "cells.json", json.dumps({"cells": self.board}))

    def told_run(self, cell: Cell, run: Run) -> None:
        """Write which run the cell is at."""
        self.told(cell, runs={**self._row(cell)["runs"], run.request.kind: run.id})

    def _row(self, cell: Cell) -> dict[str, Any]:
        return next(row for row in self.board if row["id"] == cell.id)

    def report(self) -> None:
        """Write what is known so far."""
        write(self.study, [axis.name for axis in axes(self.study)], outcomes(self.finished), self.job.out)

    def finish_cell(self, cell: Cell) -> Finished:
        """Apply, train and evaluate, each where it is not done yet."""
        curated, student, trained = self._curated(cell), resolve(cell.student, self.runs), None
        if curated:
            trained = self._finish(cell, train_request(curated, cell.objective, student, cell.seed))
            student = resolve(trained.id, self.runs)
        benchmark = str(locate(cell.benchmark, self.root / "benchmarks"))
        asked = evaluate_request(student, benchmark, cell.strategy, limit=cell.limit, seed=cell.seed)
        evaluated = self._finish(cell, asked)
        return Finished(
            cell.labels,
            cell.seed,
            curated.manifest.rows if curated else None,
            trained.result("scores.json") if trained else None,
            evaluated,
        )

    def _curated(self, cell: Cell) -> CuratedSet | None:
        """The set the cell trains on, made by its recipe unless it is there; None when nothing is trained."""
        if cell.recipe is None:
            return CuratedSet(self.root / "sets" / cell.set) if cell.set else None
        frozen = self.sources[cell.source]
        name = f"{cell.recipe.name[:50]}-{content_id(cell.recipe.dump(), Path(frozen['folder']).name)[:8]}"
        target, chosen = self.root / "sets" / name, Filter.from_query(cell.source)
        source = {"filter": chosen.model_dump(mode="json", exclude_defaults=True), "rows": frozen["rows"]}
        request = apply_request(cell.recipe, target, source, {**source, "frozen": frozen["folder"]})
        if not is_set_of(target, Origin.model_validate(request.inputs["origin"])):
            self._finish(cell, request)
        return CuratedSet(target)

    def _finish(self, cell: Cell, request: Request) -> Run:
        """The finished run of a request; CellFailed says why it is none."""
        run = self.known.get(_key(request)) or create(self.runs, request)
        self.known[_key(request)] = run
        self.told_run(cell, run)
        if run.id in self.failed:
            raise CellFailed(self.failed[run.id])
        for _ in range(LIVES):
            if run.status().state == "done":
                return run
            self._let_run(run)
            if run.status().state != "lost":
                break
        status = run.status()
        if status.state == "done":
            return run
        ended = status.error or f"it ended as {status.state}, its log is {run.folder / 'log.txt'}"
        self.failed[run.id] = f"{request.title}: {ended}"
        raise CellFailed(self.failed[run.id])

    def _let_run(self, run: Run) -> None:
        """Launch a run unless it goes on already, and wait for its end; a study that is to stop stops it too."""
        self.job.check()
        if run.status().state not in ACTIVE:
            self.start(run)
        stopping = False
        while run.status().state in ACTIVE:
            if self.job.stopping() and not stopping:
                stopping = True
                run.cancel()
            time.sleep(POLL)
        if stopping:
            raise Cancelled


def _key(request: Request) -> str:
    return request.model_dump_json()
