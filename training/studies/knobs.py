"""What can be turned in a study, how values are written, and how much work it is: what the form of a study says."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from curation.errors import UserError
from curation.spec import Spec
from curation.yaml_lines import Lines
from training.objective import OBJECTIVES
from training.strategy import STRATEGIES
from training.studies.grid import ROOTS, Cell
from training.studies.study import Plain, Study


def knobs(study: Study) -> dict[str, str]:
    """Every path that can be turned and what it is called; the recipes of the study are written out."""
    found = {root: root.capitalize() for root in ROOTS if root not in ("dataset", "filter", "benchmark")}
    recipe = study.recipe if isinstance(study.recipe, Mapping) else {}
    for place, step in enumerate(recipe.get("steps") or [], 1):
        names = [name for name in step if name not in ("op", "off")]
        found |= {f"recipe.{place}.{name}": f"{place}. {step['op']}: {_words(name)}" for name in names}
    for root, family in (("objective", OBJECTIVES), ("strategy", STRATEGIES)):
        spec: type[Spec] = family.get(named(getattr(study, root), root))
        found |= {
            f"{root}.{name}": f"{_words(name)} ({spec.title()})" for name in spec.model_fields if name != spec.tag
        }
    return found


def named(value: str | Plain, root: str) -> str:
    """The name of an objective or a strategy given by its name or with its parameters."""
    return value if isinstance(value, str) else str(value.get(root))


def read_points(text: str) -> list[Any] | dict[str, Any]:
    """Values as people write them: `0.1, 0.5, 1`, or a YAML list, or a mapping of names to changes."""
    for written in (text, f"[{text}]"):
        try:
            found = Lines.of(written, f"The values '{text.strip()}'").values
        except UserError:
            continue
        if isinstance(found, list | dict):
            return found
    raise UserError(f"The values '{text.strip()}' cannot be read; write them as in 0.1, 0.5, 1 or as YAML.")


def write_points(points: Sequence[Any] | Mapping[str, Any]) -> str:
    """The text that reads back to these values."""
    if isinstance(points, Mapping):
        return str(yaml.safe_dump(dict(points), sort_keys=False, allow_unicode=True)).strip()
    return str(yaml.safe_dump(list(points), default_flow_style=True, width=10_000)).strip()[1:-1]


class Load(NamedTuple):
    """How much work a study is, when none of it is done yet."""

    cells: int
    seeds: int
    sets: int
    trainings: int

    def sentence(self) -> str:
        """The work in words."""
        parts = [
            _count(self.sets, "set to make", "sets to make"),
            _count(self.trainings, "training", "trainings"),
            _count(self.cells, "evaluation", "evaluations"),
        ]
        cells, seeds = _count(self.cells, "cell", "cells"), _count(self.seeds, "seed", "seeds")
        combinations = _count(self.cells // self.seeds, "combination", "combinations")
        work = ", ".join(part for part in parts if not part.startswith("0 "))
        return f"{cells} = {combinations} × {seeds}: {work}. What is done already is not done again."


def load(cells: Sequence[Cell]) -> Load:
    """The work of these cells; equal sets and trainings are done once."""
    sets = {(cell.recipe.dump(), cell.source) for cell in cells if cell.recipe}
    return Load(len(cells), len({cell.seed for cell in cells}), len(sets), len(distinct_trainings(cells)))


def distinct_trainings(cells: Sequence[Cell]) -> list[Cell]:
    """The first cell of each training; cells that differ in their evaluation alone share it."""
    found: dict[object, Cell] = {}
    for cell in cells:
        data = (cell.recipe.dump(), cell.source) if cell.recipe else cell.set
        if data:
            found.setdefault((data, cell.student, cell.objective.key(), cell.seed), cell)
    return list(found.values())


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _words(name: str) -> str:
    return name.replace("_", " ")
