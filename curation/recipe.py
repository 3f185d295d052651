"""Recipe: an ordered list of operators in YAML, with the paper it comes from, how to train and how to evaluate."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, SerializeAsAny

from curation.errors import UserError
from curation.operator import METADATA, OPERATORS, Annotator, Mapper, Operator
from curation.spec import build

CLEARED = {"human_correct"}  # said of the answer as it stood before a mapper changed the trace
SHIPPED = Path(__file__).parent / "recipes"
FIELDS = ("name", "description", "paper", "steps", "train", "evaluate")


class Recipe(BaseModel):
    """Steps and where they come from; `train` and `evaluate` are read by the training side."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    description: str = ""
    paper: str | None = None
    steps: tuple[SerializeAsAny[Operator], ...] = ()
    train: dict[str, Any] = {}
    evaluate: dict[str, Any] = {}

    @classmethod
    def read(cls, text: str, where: str = "The recipe") -> "Recipe":
        """A recipe from YAML; UserError says which line, step or field is wrong and what is allowed."""
        values = _yaml(text, where)
        extra = sorted(str(name) for name in set(values) - set(FIELDS))
        if extra or "name" not in values:
            problem = f"has unknown fields {', '.join(extra)}" if extra else "has no 'name'"
            raise UserError(f"{where} {problem}; a recipe's fields: {', '.join(FIELDS)}.")
        steps = values.get("steps") or []
        if not isinstance(steps, list):
            raise UserError(f"{where}: 'steps' must be a list of operators, found {type(steps).__name__}.")
        parsed = tuple(OPERATORS.parse(step, f"{where}, step {n}: ") for n, step in enumerate(steps, 1))
        check(parsed)
        optional = {name: values.get(name) or default for name, default in _DEFAULTS.items()}
        paper = None if values.get("paper") is None else str(values["paper"])
        for name, default in _DEFAULTS.items():
            if not isinstance(optional[name], type(default)):
                kind, found = "text" if default == "" else "a mapping", type(optional[name]).__name__
                raise UserError(f"{where}: '{name}' must be {kind}, found {found}.")
        return cls(name=str(values["name"]), paper=paper, steps=parsed, **optional)

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
        values["steps"] = [step.dump() for step in self.steps]
        values |= {"train": self.train, "evaluate": self.evaluate}
        kept = {key: value for key, value in values.items() if value or key in ("name", "steps")}
        return yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=100)


_DEFAULTS: dict[str, Any] = {"description": "", "train": {}, "evaluate": {}}


def _yaml(text: str, where: str) -> dict[str, Any]:
    try:
        values = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UserError(f"{where}{line}: this is not valid YAML ({error.problem}).") from None
    except yaml.YAMLError as error:
        raise UserError(f"{where}: this is not valid YAML ({error}).") from None
    if not isinstance(values, dict):
        raise UserError(f"{where}: expected a mapping with 'name' and 'steps', found {type(values).__name__}.")
    return values


def check(steps: Iterable[Operator]) -> None:
    """Refuse steps that read a score or segments nobody added before, naming the annotator that would."""
    scores, cleared, segments, vectors = set(METADATA), set[str](), False, False
    about_problem = set[str]()
    for number, step in enumerate(steps, 1):
        for name in step.needs():
            if name not in scores:
                raise UserError(_missing(number, step, name, name in cleared))
        if step.needs_segments and not segments:
            raise UserError(f"Step {number} ({step.title()}) needs segments: add the annotator 'segment' before it.")
        if step.needs_vectors and not vectors:
            raise UserError(f"Step {number} ({step.title()}) needs vectors: add the annotator 'embed' before it.")
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
