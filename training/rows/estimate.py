"""What a training will take: rows, tokens, steps, and the time from earlier runs on this machine."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from curation.runs import Run
from training.objective import Objective
from training.rows.batches import draw, group

RECENT = 5  # ours: earlier runs whose pace is looked at


class Plan(NamedTuple):
    """What an objective would read of a set: tokens in one pass, tokens in all, and updates."""

    rows: int
    tokens_a_pass: int
    tokens: int
    steps: int


class Pace(NamedTuple):
    """Tokens a second, and how many earlier runs say so."""

    tokens_per_second: float
    runs: int


def plan(objective: Objective, lengths: Sequence[int], seed: int = 0, processes: int = 1) -> Plan:
    """The plan for rows of these lengths in tokens, batched as sft does; other objectives come close."""
    limit = objective.max_length
    kept = [min(length, limit) for length in lengths]
    order = draw(kept, epochs=objective.num_train_epochs, budget=objective.max_train_tokens, seed=seed)
    batches = group(order, kept, rows=objective.per_device_train_batch_size, tokens=objective.batch_tokens, seed=seed)
    steps = -(-len(batches) // (objective.gradient_accumulation_steps * processes))
    return Plan(len(kept), sum(kept), sum(kept[row] for row in order), steps)


def pace(runs: Sequence[Run], model: str, objective: str, processes: int = 1) -> Pace | None:
    """The median pace of the latest finished runs of this model and objective; None when there is none."""
    found = []
    for run in runs:
        request, scores = run.request, run.result("scores.json") or {}
        alike = (request.inputs.get("model"), request.spec.get("objective")) == (model, objective)
        if alike and scores.get("tokens") and scores.get("seconds") and scores.get("processes", 1) == processes:
            found.append(scores["tokens"] / scores["seconds"])
    return Pace(median(found[:RECENT]), len(found[:RECENT])) if found else None
