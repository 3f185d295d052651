"""Studies worked on in this process, and what they left."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from curation.job import work
from curation.runs import Run, all_runs
from curation.tasks import TASKS as CURATION
from training.studies.work import study
from training.worker import TASKS as TRAINING

TASKS = {**CURATION, **TRAINING}


def here(run: Run) -> None:
    """Work on a run in this process, as its worker would."""
    work(run.folder, TASKS)


def tried(run: Run, start: Callable[[Run], None] = here) -> str | None:
    """Work on a study's run in this process; its error, if it ended with one."""
    work(run.folder, {"study": partial(study, start=start)})
    return run.status().error


def board(run: Run) -> list[tuple[object, ...]]:
    """Labels, seed and state of the cells."""
    cells = (run.result("cells.json") or {"cells": []})["cells"]
    return [(*cell["labels"], cell["seed"], cell["state"]) for cell in cells]


def kinds(root: Path) -> list[str]:
    """The kinds of the runs there are, sorted."""
    return sorted(run.request.kind for run in all_runs(root / "runs"))


def found(run: Run) -> list[dict]:
    """The outcomes without the seconds they took."""
    return [
        {name: value for name, value in one.items() if not name.endswith("_seconds")}
        for one in (run.result("study.json") or {})["outcomes"]
    ]
