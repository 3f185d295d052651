"""Requests of training runs, the same from the pages and from the command line."""

from typing import Any

from curation.curated import CuratedSet
from curation.errors import UserError
from curation.runs import Request
from training.benchmark import locate, read
from training.objective import Objective
from training.strategy import Strategy
from training.student import Student


def train_request(curated: CuratedSet, objective: Objective, student: Student, seed: int = 0) -> Request:
    """Train a student on a curated set."""
    if curated.manifest.rows == 0:
        raise UserError(f"The curated set '{curated.name}' has no rows, so there is nothing to train on.")
    return Request(
        kind="train",
        worker="training.worker",
        title=f"{objective.title()} of {student.name} on {curated.name}",
        spec=objective.dump(),
        inputs={"set": str(curated.folder.resolve()), **_student(student)},
        seed=seed,
    )


def evaluate_request(
    student: Student, benchmark: str, strategy: Strategy, *, limit: int | None = None, seed: int = 0
) -> Request:
    """Evaluate a student on a benchmark, given by name or path; a benchmark without answers is refused."""
    path = locate(benchmark)
    name = read(path).name
    return Request(
        kind="evaluate",
        worker="training.worker",
        title=f"{student.name} on {name}, {strategy.title()}",
        spec=strategy.dump(),
        inputs={"benchmark": str(path), "limit": limit, **_student(student)},
        seed=seed,
    )


def _student(student: Student) -> dict[str, Any]:
    return {
        "student": student.name,
        "model": student.path,
        "student_run": str(student.run.resolve()) if student.run else None,
    }
