"""How long a study may take, by the pace of earlier runs on this machine."""

from collections.abc import Sequence
from statistics import median

from curation.runs import Run
from training.rows.estimate import RECENT, pace
from training.student import resolve
from training.studies.grid import Cell
from training.studies.knobs import distinct_trainings

START = 10.0  # seconds until a run has its libraries and model; measured, see the README of this room


def seconds(cells: Sequence[Cell], runs: Sequence[Run]) -> float | None:
    """Seconds for all cells when none is done yet; None where no earlier run, of the newest first, says."""
    trained = [_training(cell, runs) for cell in distinct_trainings(cells)]
    scores = [run.result("scores.json") for run in runs if run.request.kind == "evaluate"]
    done = [found for found in scores if found and found.get("n")][:RECENT]
    if not done or None in trained:
        return None
    problem: float = median(found["seconds"] / found["n"] for found in done)
    problems: float = median(found["n"] for found in done)
    evaluated = sum(START + problem * (cell.limit or problems) for cell in cells)
    return sum(START + (value or 0.0) for value in trained) + evaluated


def _training(cell: Cell, runs: Sequence[Run]) -> float | None:
    """Seconds of one training by the pace of the same student and objective."""
    if not runs or cell.objective.max_train_tokens is None:
        return None
    student = resolve(cell.student, runs[0].folder.parent)
    known = pace(runs, student.path, cell.objective.title())
    return cell.objective.max_train_tokens / known.tokens_per_second if known else None
