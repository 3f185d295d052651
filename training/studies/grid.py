"""A study's knobs multiplied out into cells; each cell is parsed whole, so a wrong one is refused before launch."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

from curation.errors import UserError
from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.trace import canonical_json, content_id
from curation.yaml_lines import dump
from training.objective import OBJECTIVES, Objective
from training.strategy import STRATEGIES, Strategy
from training.studies.study import Plain, Study

ROOTS = ("recipe", "dataset", "filter", "set", "student", "objective", "strategy", "benchmark", "limit")
OTHER = {"recipe": "set", "set": "recipe"}  # what one makes the other one no longer does
WHOLE = "nothing"  # left out
LEFT_OUT = "left out"


class Point(NamedTuple):
    """One position of a knob: its label and what it changes."""

    label: str
    changes: Plain


class Axis(NamedTuple):
    """A knob and its positions."""

    name: str
    points: tuple[Point, ...]

    @property
    def numbers(self) -> list[float] | None:
        """The positions as numbers, where all of them are."""
        try:
            return [float(point.label) for point in self.points]
        except ValueError:
            return None


@dataclass(frozen=True)
class Cell:
    """One combination of the knobs with one seed: what is applied, trained and evaluated."""

    labels: tuple[str, ...]
    recipe: Recipe | None
    source: str
    set: str | None
    student: str
    objective: Objective
    strategy: Strategy
    benchmark: str
    limit: int | None
    seed: int

    @property
    def id(self) -> str:
        """A hash of everything but the labels: equal work has an equal id in every study."""
        recipe = [step.dump() for step in self.recipe.steps] if self.recipe else None
        found = [recipe, self.source, self.set, self.student, self.objective.key(), self.strategy.key()]
        return content_id(canonical_json([*found, self.benchmark, self.limit, self.seed]))[:12]

    @property
    def name(self) -> str:
        """The labels and the seed in words."""
        return ", ".join([*self.labels, f"seed {self.seed}"])


def axes(study: Study) -> list[Axis]:
    """The knobs of a study with their positions, in the order they are written."""
    found = [_axis(name, points) for name, points in study.grid.items()]
    if study.ablate:
        found.append(_ablation(study))
    for axis in found:
        if not axis.points:
            raise UserError(f"The knob '{axis.name}' has no values; give it at least one.")
    return found


def expand(study: Study) -> list[Cell]:
    """Every combination with every seed; UserError for a cell that cannot be, or two that are the same."""
    cells = []
    for points in product(*(axis.points for axis in axes(study))):
        labels = tuple(point.label for point in points)
        where = f"Study {study.name}, {', '.join(labels)}: " if labels else f"Study {study.name}: "
        values = _changed(study, points, where)
        cells += [_cell(labels, values, seed, where) for seed in study.seeds]
    names: dict[str, str] = {}
    for cell in cells:
        if cell.id in names:
            raise UserError(f"Study {study.name}: '{names[cell.id]}' and '{cell.name}' are the same; remove one.")
        names[cell.id] = cell.name
    return cells


def _axis(name: str, points: Sequence[Any] | Mapping[str, Plain]) -> Axis:
    if isinstance(points, Mapping):
        return Axis(name, tuple(Point(label, dict(changes)) for label, changes in points.items()))
    return Axis(name, tuple(Point(label(value), {name: value}) for value in points))


def label(value: object) -> str:
    """A value in a table: a recipe, objective or strategy by its name."""
    if isinstance(value, Mapping):
        named = [value[key] for key in ("name", "objective", "strategy") if key in value]
        return str(named[0]) if named else canonical_json(value)
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else "none" if value is None else canonical_json(value)


def _ablation(study: Study) -> Axis:
    """Every step that changes or chooses traces, left out in turn; a step that only measures stays."""
    if study.recipe is None:
        raise UserError(f"Study {study.name}: 'ablate: recipe' needs a recipe to leave steps out of.")
    listed = _recipe(_plain(study.recipe, "recipe"), f"Study {study.name}: ").listed()
    left_out = [
        Point(f"{place}. {step.title()}", {f"recipe.{place}.off": True})
        for place, (step, on) in enumerate(listed, 1)
        if on and step.kind != "annotator"
    ]
    return Axis(LEFT_OUT, (Point(WHOLE, {}), *left_out))


def _changed(study: Study, points: Sequence[Point], where: str) -> Plain:
    """The study's base with the changes of all points; whole things are put in place before their parts."""
    values = {root: _plain(getattr(study, root), root) for root in ROOTS}
    changes = [change for point in points for change in point.changes.items()]
    for path, value in sorted(changes, key=lambda change: change[0].count(".")):
        _change(values, path, value, where)
    return values


def _plain(value: Any, root: str) -> Any:  # noqa: ANN401
    """A copy; an objective or strategy given by its name as a mapping."""
    return {root: value} if root in ("objective", "strategy") and isinstance(value, str) else copy.deepcopy(value)


def _change(values: Plain, path: str, value: Any, where: str) -> None:  # noqa: ANN401
    root, *rest = path.split(".")
    if root not in ROOTS:
        raise UserError(
            f"{where}'{path}' is no path to a parameter; a path begins with one of {', '.join(ROOTS)}, as in "
            "recipe.3.amount or objective.learning_rate."
        )
    if not rest:
        values[root] = _plain(value, root)
        if root in OTHER and value is not None:
            values[OTHER[root]] = None
        return
    holder = _step(values[root], path, rest.pop(0), where) if root == "recipe" else values[root]
    if not rest or not isinstance(holder, dict):
        raise UserError(f"{where}'{path}' names no parameter; write recipe.STEP.FIELD, objective.FIELD or the like.")
    for name in rest[:-1]:
        holder = holder.setdefault(name, {})
    holder[rest[-1]] = value


def _step(recipe: Any, path: str, number: str, where: str) -> Plain:  # noqa: ANN401
    """The plain step of a recipe, counted from 1 as on the recipes page."""
    if not isinstance(recipe, dict):
        raise UserError(f"{where}'{path}' is a parameter of a recipe, and this cell has none; give it a recipe.")
    steps = recipe.get("steps") or []
    if not number.isdigit() or not 1 <= int(number) <= len(steps):
        listed = ", ".join(f"{place} {step.get('op')}" for place, step in enumerate(steps, 1))
        raise UserError(f"{where}'{path}' names no step; the steps of {recipe.get('name')}: {listed}.")
    step: Plain = steps[int(number) - 1]
    return step


def _cell(labels: tuple[str, ...], values: Plain, seed: int, where: str) -> Cell:
    chosen = Filter.from_query(values["filter"] or "")
    datasets = values["dataset"] or []
    datasets = [datasets] if isinstance(datasets, str) else datasets
    chosen = chosen.with_values("dataset", tuple(datasets)) if datasets else chosen
    recipe = _recipe(values["recipe"], where) if values["recipe"] is not None else None
    if recipe and values["set"]:
        raise UserError(f"{where}it has both a recipe and a set; remove one of them.")
    return Cell(
        labels=labels,
        recipe=recipe,
        source=chosen.to_query() if recipe else "",
        set=values["set"],
        student=str(values["student"]),
        objective=OBJECTIVES.parse(values["objective"], where),
        strategy=STRATEGIES.parse(values["strategy"], where),
        benchmark=str(values["benchmark"]),
        limit=values["limit"],
        seed=seed,
    )


def _recipe(values: Any, where: str) -> Recipe:  # noqa: ANN401
    """The recipe of plain values; a study's recipes are written out before it is multiplied out."""
    if not isinstance(values, Mapping):
        raise UserError(f"{where}the recipe is {values!r}; expected its name or a mapping with 'steps'.")
    return Recipe.read(dump(dict(values)), f"{where}the recipe")
