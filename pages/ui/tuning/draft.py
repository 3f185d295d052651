"""A recipe while it is edited: steps that may not be valid yet, each with an identity that survives moving it."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from curation.errors import UserError
from curation.operator import METADATA, OPERATORS, Annotator, Operator
from curation.recipe import Recipe, check, split

_numbers = count(1)
REMEMBERED = 50  # edits that can be undone
TAIL = 3  # values of a step that its one line names


@dataclass
class Step:
    """One operator's name and values as they stand in its form; applied unless switched off."""

    op: str
    values: dict[str, Any] = field(default_factory=dict)
    on: bool = True
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

    def told(self) -> dict[str, Any]:
        """The values that differ from their defaults."""
        defaults = {name: item.default for name, item in self.spec.model_fields.items()}
        return {name: value for name, value in self.given().items() if value != defaults.get(name)}

    def summary(self) -> str:
        """What it does, in one line: the values that differ from their defaults."""
        told = [_told(name, value) for name, value in self.told().items()]
        return ", ".join(told[: TAIL + 1]) + (" …" if len(told) > TAIL + 1 else "")


def _told(name: str, value: Any) -> str:  # noqa: ANN401
    words = {"score": "", "minimum": "≥ ", "maximum": "≤ ", "values": "is ", "equals": "is "}
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, bool):
        text = "yes" if value else "no"
    if isinstance(value, list):
        text = " or ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        text = ", ".join(f"{key} {part}" for key, part in value.items())
    return f"{words.get(name, name.replace('_', ' ') + ' ')}{text[:60]}"


@dataclass
class Draft:
    """A recipe being edited, and what it was before each edit."""

    name: str = "my-recipe"
    description: str = ""
    paper: str | None = None
    steps: list[Step] = field(default_factory=list)
    train: dict[str, Any] = field(default_factory=dict)
    evaluate: dict[str, Any] = field(default_factory=dict)
    past: list[list[Step]] = field(default_factory=list)

    @classmethod
    def of(cls, recipe: Recipe) -> "Draft":
        """A draft that starts as a recipe."""
        steps = [Step(step.title(), step.parameters(), on) for step, on in recipe.listed()]
        return cls(recipe.name, recipe.description, recipe.paper, steps, dict(recipe.train), dict(recipe.evaluate))

    def recipe(self) -> Recipe:
        """The finished recipe; UserError says which step is wrong."""
        numbers = self.numbers()
        listed = [(step.parse(number or place), step.on) for place, (step, number) in enumerate(numbers, 1)]
        check([step for step, on in listed if on])
        return Recipe(
            name=self.name.strip() or "my-recipe", description=self.description, paper=self.paper,
            train=self.train, evaluate=self.evaluate, **split(listed),
        )  # fmt: skip

    def numbers(self) -> list[tuple[Step, int | None]]:
        """The steps, each with its number among those applied."""
        counter = count(1)
        return [(step, next(counter) if step.on else None) for step in self.steps]

    def applied(self, number: int) -> Step | None:
        """The step of that number among those applied."""
        return next((step for step, place in self.numbers() if place == number), None)

    def scores_before(self, index: int, stored: Mapping[str, str]) -> dict[str, str]:
        """The scores a step may read: what is known of every trace, what was stored, what earlier steps add."""
        found: dict[str, str] = {**METADATA, **stored}
        for step in self.steps[:index]:
            if step.on and issubclass(step.spec, Annotator):
                found.update(_adds(step))
        return found

    def add(self, op: str, values: Mapping[str, Any] | None = None, first: bool = False) -> Step:
        """Append a step, or put it before all others."""
        step = Step(op, dict(values or {}))
        self.steps.insert(0 if first else len(self.steps), step)
        return step

    def move(self, index: int, by: int) -> None:
        """Move a step up or down."""
        step = self.steps.pop(index)
        self.steps.insert(max(0, index + by), step)

    def duplicate(self, index: int) -> Step:
        """Put a copy of a step after it."""
        step = self.steps[index]
        self.steps.insert(index + 1, Step(step.op, deepcopy(step.values), step.on))
        return self.steps[index + 1]

    def set_steps(self, applied: Sequence[Operator]) -> None:
        """Give the applied steps the values of these operators; further ones are appended."""
        waiting = [step for step in self.steps if step.on]
        for old, new in zip(waiting, applied, strict=False):
            place = self.steps.index(old)
            fresh = Step(new.title(), new.parameters())
            self.steps[place] = old if _content([old]) == _content([fresh]) else fresh
        for new in applied[len(waiting) :]:
            self.add(new.title(), new.parameters())

    def remember(self) -> None:
        """Keep the steps as they stand, so that the next edit can be undone."""
        now = [replace(step, values=deepcopy(step.values)) for step in self.steps]
        if not self.past or _content(self.past[-1]) != _content(now):
            self.past = [*self.past, now][-REMEMBERED:]

    def undo(self) -> None:
        """Take back the last edit; a step that changes gets a new identity, so that its form starts anew."""
        while self.past and _content(self.past[-1]) == _content(self.steps):
            self.past.pop()
        if self.past:
            current = {step.uid: step for step in self.steps}
            before = self.past[-1]
            self.steps = [
                current[old.uid] if old == current.get(old.uid) else Step(old.op, deepcopy(old.values), old.on)
                for old in before
            ]
            self.past[-1] = [replace(step, values=deepcopy(step.values)) for step in self.steps]


def _content(steps: Sequence[Step]) -> list[tuple[str, dict[str, Any], bool]]:
    return [(step.op, step.told(), step.on) for step in steps]


def _adds(step: Step) -> dict[str, str]:
    try:
        parsed = step.parse(0)
    except UserError:  # the step's own form says what is wrong
        return {}
    return dict(parsed.adds()) if isinstance(parsed, Annotator) else {}
