"""How long a study may take, by the pace of earlier runs on this machine."""

from collections.abc import Sequence
from statistics import median

from curation.runs import Run
from training.studies.grid import Cell
from training.studies.knobs import distinct_trainings

RECENT = 20  # runs; ours: a machine's pace changes with what else it does


def seconds(cells: Sequence[Cell], runs: Sequence[Run]) -> float | None:
    """Seconds for all cells when none is done yet; None before a student was trained and one evaluated."""
    per_token, per_problem = _pace(runs, "train", "tokens"), _pace(runs, "evaluate", "n")
    sizes = [run.result("scores.json") for run in runs if run.request.kind == "evaluate"]
    n = median(size["n"] for size in sizes if size) if any(sizes) else 0
    budgets = [cell.objective.max_train_tokens for cell in distinct_trainings(cells)]
    if per_problem is None or (budgets and per_token is None) or None in budgets:
        return None
    trained = sum(budget or 0 for budget in budgets) * (per_token or 0.0)
    return trained + per_problem * sum(cell.limit or n for cell in cells)


def _pace(runs: Sequence[Run], kind: str, unit: str) -> float | None:
    """The median of seconds a unit over the newest finished runs of a kind."""
    found: list[float] = []
    for run in runs:
        scores = run.result("scores.json") if run.request.kind == kind and len(found) < RECENT else None
        status = run.status() if scores else None
        if scores and scores.get(unit) and status and status.started and status.ended:
            found.append((status.ended - status.started) / scores[unit])
    return median(found) if found else None
