"""A recipe while it is edited: steps that may not be valid yet, each with an identity that survives moving it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from curation.operator import METADATA, OPERATORS, Annotator, Operator
from curation.recipe import Recipe, check

_numbers = count(1)


@dataclass
class Step:
    """One operator's name and values as they stand in its form."""

    op: str
    values: dict[str, Any] = field(default_factory=dict)
    uid: int = field(default_factory=lambda: next(_numbers))

    @property
    def spec(self) -> type[Operator]:
        """The operator's class."""
        return OPERATORS.get(self.op)

    def parse(self, number: int) -> Operator:
        """The operator; UserError names the step and the field."""
        return OPERATORS.parse({"op": self.op, **self.given()}, f"Step {number}: ")

    def given(self) -> dict[str, Any]:
        """The values that were given; an empty optional field is left to its default."""
        return {name: value for name, value in self.values.items() if value is not None}


@dataclass
class Draft:
    """A recipe being edited."""

    name: str = "my-recipe"
    description: str = ""
    paper: str | None = None
    steps: list[Step] = field(default_factory=list)
    train: dict[str, Any] = field(default_factory=dict)
    evaluate: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, recipe: Recipe) -> "Draft":
        """A draft that starts as a recipe."""
        steps = [Step(step.title(), step.parameters()) for step in recipe.steps]
        return cls(recipe.name, recipe.description, recipe.paper, steps, dict(recipe.train), dict(recipe.evaluate))

    def recipe(self) -> Recipe:
        """The finished recipe; UserError says which step is wrong."""
        steps = tuple(step.parse(number) for number, step in enumerate(self.steps, 1))
        check(steps)
        return Recipe(
            name=self.name.strip() or "my-recipe", description=self.description, paper=self.paper, steps=steps,
            train=self.train, evaluate=self.evaluate,
        )  # fmt: skip

    def scores_before(self, index: int, stored: Mapping[str, str]) -> dict[str, str]:
        """The scores a step may read: what is known of every trace, what was stored, what earlier steps add."""
        found: dict[str, str] = {**METADATA, **stored}
        for step in self.steps[:index]:
            if issubclass(step.spec, Annotator):
                found.update(_adds(step))
        return found

    def move(self, index: int, by: int) -> None:
        """Move a step up or down."""
        step = self.steps.pop(index)
        self.steps.insert(max(0, index + by), step)


def _adds(step: Step) -> dict[str, str]:
    from curation.errors import UserError

    try:
        parsed = step.parse(0)
    except UserError:  # the step's own form says what is wrong
        return {}
    return dict(parsed.adds()) if isinstance(parsed, Annotator) else {}
