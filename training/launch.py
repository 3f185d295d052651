"""Requests of training runs, the same from the pages and from the command line."""

from collections.abc import Sequence

from curation.benchmarks import locate
from curation.curated import CuratedSet
from curation.errors import UserError
from curation.runs import Request
from training.benchmark import read
from training.objective import Objective
from training.strategy import Strategy
from training.student import Student


def train_request(
    curated: CuratedSet, objective: Objective, student: Student, seed: int = 0, *, processes: int = 1
) -> Request:
    """Train a student on a curated set, in one process or on several GPUs with a process each."""
    if curated.manifest.rows == 0:
        raise UserError(f"The curated set '{curated.name}' has no rows, so there is nothing to train on.")
    if student.connection:
        raise UserError(
            f"'{student.name}' is asked through its server, which gives no weights to train; name the folder or hub "
            "name of the model itself."
        )
    if objective.early_stopping_patience and not objective.held_out:
        raise UserError(
            f"early_stopping_patience ({objective.early_stopping_patience}) looks at held-out problems and held_out "
            "is 0; hold out a share, such as 0.1, or leave the patience empty."
        )
    return Request(
        kind="train",
        worker="training.worker",
        title=f"{objective.title()} of {student.name} on {curated.name}",
        spec=objective.dump(),
        inputs={
            "set": str(curated.folder.resolve()),
            **student.as_inputs(),
            **({"processes": processes} if processes > 1 else {}),
        },
        seed=seed,
    )


def on_machines(request: Request, names: Sequence[str]) -> Request:
    """The same run on several machines, the first one leading, which share its processes evenly."""
    processes = int(request.inputs.get("processes") or 1)
    if len(names) < 2:
        raise UserError(f"Several machines are at least two, not {', '.join(names)}; leave the machines out for one.")
    if processes % len(names):
        raise UserError(
            f"{processes} processes cannot be shared evenly by {len(names)} machines; take a multiple of {len(names)}."
        )
    return request.model_copy(update={"inputs": {**request.inputs, "machines": list(names)}})


def evaluate_request(
    student: Student,
    benchmark: str,
    strategy: Strategy,
    *,
    limit: int | None = None,
    batch_size: int | None = None,
    seed: int = 0,
) -> Request:
    """Evaluate a student on a benchmark, given by name or path; one without answers is refused.

    `limit` takes the first problems only; without `batch_size` the model's size decides.
    """
    path = locate(benchmark)
    name = read(path).name
    return Request(
        kind="evaluate",
        worker="training.worker",
        title=f"{student.name} on {name}, {strategy.title()}",
        spec=strategy.dump(),
        inputs={"benchmark": str(path), "limit": limit, "batch_size": batch_size, **student.as_inputs()},
        seed=seed,
    )
