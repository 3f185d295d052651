"""Settings a training form starts with: those of an earlier run, or those the set's recipe states."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curation.connection import BASE
from curation.curated import CuratedSet
from curation.recipe import Recipe
from curation.runs import find
from curation.workspace import Workspace
from training.objective import OBJECTIVES

DEFAULT = "sft"


@dataclass(frozen=True)
class Prefill:
    """What a form starts with; `key` tells the widgets of one origin from those of another."""

    key: str = ""
    objective: str = DEFAULT
    values: Mapping[str, Any] = field(default_factory=dict)
    said: str = ""
    set: str | None = None
    student: str | None = None
    seed: int = 0
    processes: int = 1


def of_run(work: Workspace, run_id: str) -> Prefill:
    """The settings of a train run; UserError when there is no such run or its objective is not known."""
    run = find(work.runs_root, run_id)
    request, inputs = run.request, run.request.inputs
    objective = OBJECTIVES.parse(request.spec)
    student = inputs["student"]
    return Prefill(
        key=run.id, objective=objective.title(), values=objective.parameters(), set=Path(inputs["set"]).name,
        said=f"Settings of {request.title} ({run.id[-4:]}); change what should differ.", seed=request.seed,
        student=student if student == BASE or inputs.get("student_run") else inputs["model"],
        processes=int(inputs.get("processes") or 1),
    )  # fmt: skip


def of_recipe(curated: CuratedSet) -> Prefill:
    """The settings the recipe of the set states under `train`, or the defaults."""
    text = curated.manifest.recipe_yaml
    stated = dict(Recipe.read(text, f"The recipe of '{curated.name}'").train) if text else {}
    if not stated:
        return Prefill()
    objective = OBJECTIVES.parse({"objective": DEFAULT, **stated}, f"The recipe of '{curated.name}', train: ")
    return Prefill(
        key=curated.manifest.recipe, objective=objective.title(), values=objective.parameters(),
        said=f"Settings of the recipe {curated.manifest.recipe}.",
    )  # fmt: skip
