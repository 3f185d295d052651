"""Study: what is the same in every cell, and the knobs that are turned.

name: truncation
recipe: verified
dataset: [teacher_traces]
benchmark: word_problems
grid:
  recipe.5.amount: [0.1, 0.5, 1]                 # a path to a parameter, and its values
  traces:                                        # or a name, and named changes
    long: {dataset: [teacher_traces]}
    concise: {dataset: [concise_traces]}
ablate: recipe                                   # leaves out one step after another
expected: Half of each trace teaches about as much as the whole of it.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from curation.connection import BASE
from curation.errors import UserError
from curation.params import Positive, Seed
from curation.recipe import SHIPPED as RECIPES
from curation.recipe import Recipe
from curation.runs import PROJECT, replace_text
from curation.yaml_lines import Lines, dump

SHIPPED = PROJECT / "data" / "studies"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")  # also the beginning of a set's name, which holds 80
Plain = dict[str, Any]


def _named(values: object) -> object:
    """Names of changes as text, also where YAML reads a number."""
    if not isinstance(values, Mapping):
        return values
    return {f"{key:g}" if isinstance(key, float) else str(key): value for key, value in values.items()}


Points = Annotated[list[Any] | dict[str, Plain], BeforeValidator(_named)]


class Study(BaseModel):
    """A base and the knobs turned on it; every combination with every seed is a cell."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(description="Name of the study")
    description: str = Field("", description="What it asks")
    paper: str | None = Field(None, description="Where the question comes from")
    expected: str = Field("", description="What the paper says should be seen")
    recipe: str | Plain | None = Field(None, description="Recipe that makes the training set, by name or written out")
    dataset: list[str] = Field([], description="Datasets the recipe starts from; empty for all")
    filter: str = Field("", description="Filter of the traces, as in the app's address")
    set: str | None = Field(None, description="Curated set to train on instead of a recipe")
    student: str = Field(BASE, description="Student that is trained, or only evaluated without recipe and set")
    objective: str | Plain = Field("sft", description="Objective, by name or with its parameters")
    strategy: str | Plain = Field("greedy", description="Strategy, by name or with its parameters")
    benchmark: str = Field(description="Benchmark the students are marked on")
    limit: Positive | None = Field(None, description="First problems only")
    seeds: list[Seed] = Field([0, 1, 2], description="Seeds of training and evaluation", min_length=1)
    grid: dict[str, Points] = Field({}, description="Paths with values, or names with named changes")
    ablate: Literal["recipe"] | None = Field(None, description="Leave out one step of the recipe after another")

    @field_validator("name")
    @classmethod
    def _nameable(cls, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError("use letters, digits, '.', '_' and '-', at most 50")
        return name

    @field_validator("seeds")
    @classmethod
    def _different(cls, seeds: list[int]) -> list[int]:
        if len(seeds) != len(set(seeds)):
            raise ValueError("a seed is there twice")
        return seeds

    @classmethod
    def parse(cls, values: object, where: str = "The study") -> Self:
        """A study from plain values; UserError names the field, what was found and what is allowed."""
        if not isinstance(values, Mapping):
            found = type(values).__name__
            raise UserError(f"{where}: expected a mapping with 'name' and 'benchmark', found {found}.")
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise UserError(f"{where}: {'; '.join(map(_explain, error.errors()))}.") from None

    @classmethod
    def read(cls, text: str, where: str = "The study") -> Self:
        """A study from YAML."""
        return cls.parse(Lines.of(text, where).values, where)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The study of a YAML file."""
        try:
            return cls.read(path.read_text(encoding="utf-8-sig"), str(path))
        except UnicodeDecodeError as error:
            raise UserError(f"{path} is no text in UTF-8 (byte {error.start}); save the study as UTF-8.") from None

    def dump(self) -> Plain:
        """Every field that differs from its default, in order: what a person would write."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def yaml(self) -> str:
        """The study as YAML that reads back to an equal study."""
        return dump(self.dump())

    def inlined(self, recipes: Path) -> Self:
        """The study with every recipe written out, so that it means the same when a recipe's file changes."""
        grid = {
            axis: [inline_recipe(value, recipes) for value in points]
            if axis == "recipe" and isinstance(points, list)
            else {name: _inlined(point, recipes) for name, point in points.items()}
            if isinstance(points, dict)
            else points
            for axis, points in self.grid.items()
        }
        return self.model_copy(update={"recipe": inline_recipe(self.recipe, recipes), "grid": grid})


def inline_recipe(value: object, recipes: Path) -> object:
    """A recipe's plain values: those of a named one from its file, others as they are."""
    if not isinstance(value, str):
        return value
    known = {path.stem: path for folder in (RECIPES, recipes) for path in sorted(folder.glob("*.yaml"))}
    if value not in known:
        raise UserError(f"There is no recipe '{value}'; known: {', '.join(sorted(known))}, or write out its steps.")
    return Lines.of(Recipe.load(known[value]).dump(), value).values


def known_studies(own: Path) -> dict[str, Path]:
    """Shipped studies and those saved in a folder, by name; an own one hides a shipped one."""
    return {path.stem: path for folder in (SHIPPED, own) for path in sorted(folder.glob("*.yaml"))}


def find_study(name: str, own: Path) -> Study:
    """The study of a file, or of a shipped or saved one's name."""
    known = known_studies(own)
    path = Path(name) if Path(name).is_file() else known.get(name)
    if path is None:
        raise UserError(f"There is no study '{name}'; known: {', '.join(known) or 'none'}, or a YAML file.")
    return Study.load(path)


def save(study: Study, own: Path) -> Path:
    """Write the study into a folder under its name."""
    own.mkdir(exist_ok=True)
    replace_text(own / f"{study.name}.yaml", study.yaml())
    return own / f"{study.name}.yaml"


def _inlined(changes: Plain, recipes: Path) -> Plain:
    return {path: inline_recipe(value, recipes) if path == "recipe" else value for path, value in changes.items()}


def _explain(problem: Any) -> str:  # noqa: ANN401  (pydantic's ErrorDetails)
    path = ".".join(str(part) for part in problem["loc"]) or "values"
    if problem["type"] == "extra_forbidden":
        return f"unknown field '{path}'; a study's fields: {', '.join(Study.model_fields)}"
    if problem["type"] == "missing":
        return f"the field '{path}' is missing ({Study.model_fields[path].description})"
    message = problem["msg"].removeprefix("Value error, ")
    return f"{path}: {message[:1].lower()}{message[1:]}, found {problem['input']!r}"
