"""Recipe: an ordered list of operators in YAML, with the paper it comes from, how to train and how to evaluate.

A step that carries `off: true` is checked field by field and keeps its place, but is not applied.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, SerializeAsAny

from curation.errors import UserError
from curation.operator import METADATA, OPERATORS, Annotator, Mapper, Operator
from curation.spec import build
from curation.yaml_lines import Lines, dump

CLEARED = {"human_correct"}  # said of the answer as it stood before a mapper changed the trace
SHIPPED = Path(__file__).parent / "recipes"
FIELDS = ("name", "description", "paper", "steps", "train", "evaluate")


class StepError(UserError):
    """What is wrong with the step at a place of a list of steps."""

    def __init__(self, message: str, place: int) -> None:
        """Keep the place, so that a file's line can be named."""
        super().__init__(message)
        self.place = place


class Recipe(BaseModel):
    """Steps and where they come from; `train` and `evaluate` are read by the training side."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    description: str = ""
    paper: str | None = None
    steps: tuple[SerializeAsAny[Operator], ...] = ()
    parked: tuple[tuple[int, SerializeAsAny[Operator]], ...] = ()  # switched off: place in `listed`, operator
    train: dict[str, Any] = {}
    evaluate: dict[str, Any] = {}

    def listed(self) -> list[tuple[Operator, bool]]:
        """Every step in its place, and whether it is applied."""
        found: list[tuple[Operator, bool]] = [(step, True) for step in self.steps]
        for place, step in self.parked:
            found.insert(place, (step, False))
        return found

    @classmethod
    def read(cls, text: str, where: str = "The recipe") -> "Recipe":
        """A recipe from YAML; UserError says which line, step or field is wrong and what is allowed."""
        lines = Lines.of(text, where)
        values = lines.values
        if not isinstance(values, dict):
            raise UserError(f"{where}: expected a mapping with 'name' and 'steps', found {type(values).__name__}.")
        extra = sorted((str(name) for name in set(values) - set(FIELDS)), key=lines.key)
        if extra:
            raise UserError(
                f"{where}, line {lines.key(extra[0])} has unknown fields {', '.join(extra)}; a recipe's fields: "
                f"{', '.join(FIELDS)}."
            )
        if values.get("name") is None:
            raise UserError(f"{where} has no 'name'; a recipe's fields: {', '.join(FIELDS)}.")
        listed = _steps(lines, where)
        for name, default in _DEFAULTS.items():
            if not isinstance(values.get(name) or default, type(default)):
                kind, found = "text" if default == "" else "a mapping", type(values[name]).__name__
                raise UserError(f"{where}, line {lines.key(name)}: '{name}' must be {kind}, found {found}.")
        optional = {name: values.get(name) or default for name, default in _DEFAULTS.items()}
        paper = None if values.get("paper") in (None, "") else str(values["paper"])
        return cls(name=str(values["name"]), paper=paper, **split(listed), **optional)

    @classmethod
    def load(cls, path: Path) -> "Recipe":
        """The recipe of a YAML file."""
        if not path.is_file():
            known = ", ".join(sorted(p.stem for p in SHIPPED.glob("*.yaml")))
            raise UserError(f"There is no recipe file {path}; shipped recipes: {known}.")
        try:
            return cls.read(path.read_text(encoding="utf-8-sig"), str(path))
        except UnicodeDecodeError as error:
            raise UserError(f"{path} is no text in UTF-8 (byte {error.start}); save the recipe as UTF-8.") from None

    def dump(self) -> str:
        """The recipe as YAML that reads back to an equal recipe."""
        values: dict[str, Any] = {"name": self.name, "description": self.description, "paper": self.paper}
        values["steps"] = [step.dump() if on else {**step.dump(), "off": True} for step, on in self.listed()]
        values |= {"train": self.train, "evaluate": self.evaluate}
        kept = {key: value for key, value in values.items() if value or key in ("name", "steps")}
        return dump(kept)


_DEFAULTS: dict[str, Any] = {"description": "", "train": {}, "evaluate": {}}


def split(listed: Iterable[tuple[Operator, bool]]) -> dict[str, Any]:
    """The `steps` and `parked` of a recipe with these steps, in order, each applied or not."""
    numbered = list(enumerate(listed))
    return {
        "steps": tuple(step for _, (step, on) in numbered if on),
        "parked": tuple((place, step) for place, (step, on) in numbered if not on),
    }


def _steps(lines: Lines, where: str) -> list[tuple[Operator, bool]]:
    """The steps of a file and whether each is applied; every refusal names the line."""
    steps = lines.values.get("steps") or []
    if not isinstance(steps, list):
        found = type(steps).__name__
        raise UserError(f"{where}, line {lines.key('steps')}: 'steps' must be a list of operators, found {found}.")
    listed = [_step(step, lines, where, n) for n, step in enumerate(steps, 1)]
    numbers = [n for n, (_, on) in enumerate(listed, 1) if on]
    try:
        check([step for step, on in listed if on], numbers)
    except StepError as error:
        raise StepError(f"{where}, line {lines.step(error.place)}: {error}", error.place) from None
    return listed


def _step(values: object, lines: Lines, where: str, number: int) -> tuple[Operator, bool]:
    at = f"{where}, line {lines.step(number)}, step {number}: "
    off = values.pop("off", False) if isinstance(values, dict) else False
    if not isinstance(off, bool):
        raise StepError(f"{at}'off' must be true (not applied) or false, found {off!r}.", number)
    try:
        return OPERATORS.parse(values, at), not off  # type: ignore[arg-type]  # parse refuses what is no mapping
    except UserError as error:
        raise StepError(str(error) if str(error).startswith(at) else f"{at}{error}", number) from None


def check(steps: Iterable[Operator], numbers: Sequence[int] | None = None) -> None:
    """Refuse steps that read a score or segments nobody added before, naming the annotator that would.

    `numbers` are the steps' places where they do not count 1, 2, 3.
    """
    steps = list(steps)
    scores, cleared, segments, vectors = set(METADATA), set[str](), False, False
    about_problem = set[str]()
    for number, step in zip(numbers or range(1, len(steps) + 1), steps, strict=True):
        for name in step.needs():
            if name not in scores:
                raise StepError(_missing(number, step, name, name in cleared), number)
        if step.needs_segments and not segments:
            remedy = "add the annotator 'segment' before it"
            raise StepError(f"Step {number} ({step.title()}) needs segments: {remedy}.", number)
        if step.needs_vectors and not vectors:
            remedy = "add the annotator 'embed' before it"
            raise StepError(f"Step {number} ({step.title()}) needs vectors: {remedy}.", number)
        if isinstance(step, Annotator):
            scores |= set(step.adds())
            about_problem |= set(step.adds()) if step.about == "problem" else set()
            segments, vectors = segments or step.adds_segments, vectors or step.adds_vectors
        elif isinstance(step, Mapper):
            left = about_problem | set(METADATA) - CLEARED
            cleared |= scores - left
            scores, segments, vectors = left, segments and step.keeps_segments, False


def _missing(number: int, step: Operator, name: str, cleared: bool) -> str:
    adders = ", ".join(f"'{title}'" for title in annotators_of(name)) or "none of the known annotators"
    if cleared:
        return (
            f"Step {number} ({step.title()}) reads '{name}', which was measured before a mapper changed the traces: "
            f"add {adders} again after the mapper."
        )
    return f"Step {number} ({step.title()}) reads '{name}', which no step before it adds; {adders} would add it."


def annotators_of(score: str) -> list[str]:
    """Names of the annotators that add this score with default parameters."""
    found = []
    for title, spec in OPERATORS.members.items():
        required = any(field.is_required() for field in spec.model_fields.values())
        if issubclass(spec, Annotator) and not required and score in build(spec, {}).adds():
            found.append(title)
    return found
