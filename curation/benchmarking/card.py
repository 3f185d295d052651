"""A benchmark's card: what it is, how its rows are read, and how answers are found and compared.

word_problems.card.yaml, beside word_problems.jsonl:

    source: generated with Winnow
    licence: CC0
    answers: numeric
    fields: {level: steps}
"""

from pathlib import Path
from typing import Literal, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from curation.answers import Comparator, Extractor, boxed, choice, numeric
from curation.benchmarking.layouts import BY_NAME, FORMS, Form
from curation.errors import UserError
from curation.runs import replace_text
from curation.yaml_lines import Lines

Role = Literal["question", "answer", "subject", "level", "split"]
SUFFIXES = (".card.yaml", ".card.json")


class Verifier(NamedTuple):
    """How an answer is found in a text and compared with the reference."""

    extractor: Extractor = "auto"
    comparator: Comparator = "auto"


AUTO = Verifier()
VERIFIERS: dict[Form, Verifier] = {
    "numeric": Verifier("auto", "numeric"),
    "choice": Verifier("letter", "choice"),
    "math": AUTO,
    "yes_no": Verifier("yes_no", "yes_no"),
    "text": AUTO,
}
MEANING: dict[Form, str] = {
    "numeric": "numbers, compared by value: 18, 18.0 and $18 are the same",
    "choice": "letters, as in (B) or B. Paris",
    "math": "expressions, compared as mathematics: 1/2 and \\frac{1}{2} are the same",
    "yes_no": "yes or no; true and false are the same words",
    "text": "texts, compared without case and punctuation, or as mathematics where they are",
}


class Card(BaseModel):
    """What is known of a benchmark; what nobody said is None and told by its rows where they can."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field("", description="What people call it")
    source: str | None = Field(None, description="Where it comes from")
    licence: str | None = Field(None, description="Licence of the problems, as far as known")
    note: str | None = Field(None, description="Anything a reader of its numbers should know")
    problems: int | None = Field(None, description="Number of problems")
    repeated: int = Field(0, description="Rows left out because their question stood before")
    conflicting: int = Field(0, description="Those among them with another answer than before")
    layout: str = Field("", description="How rows are written; found from the rows where empty")
    fields: dict[Role, str] = Field({}, description="Columns by role, where the layout does not say")
    answers: Form | None = Field(None, description="What the answers are")
    extractor: Extractor | None = Field(None, description="How an answer is found in a text")
    comparator: Comparator | None = Field(None, description="How an answer is compared")
    instruction: str | None = Field(None, description="How it asks, with {question} for the question")
    metric: Literal["accuracy", "pass@k"] = Field("accuracy", description="What is reported")
    languages: tuple[str, ...] = Field((), description="ISO 639 codes of the languages it asks in")
    splits: tuple[str, ...] = Field((), description="Splits it holds")

    def verifier(self) -> Verifier:
        """How its answers are found and compared: what the card says, else what suits its answers."""
        usual = VERIFIERS[self.answers or "text"]
        return Verifier(self.extractor or usual.extractor, self.comparator or usual.comparator)

    def meaning(self) -> str:
        """How its answers are read, in words."""
        return MEANING[self.answers or "text"]

    def dump(self) -> str:
        """The card as YAML, without what nobody said."""
        values = self.model_dump(mode="json", exclude_defaults=True)
        return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=110)


def beside(path: Path) -> Path | None:
    """The card's file of a benchmark's file, where somebody wrote one."""
    return next((card for ending in SUFFIXES if (card := _named(path, ending)).is_file()), None)


def _named(path: Path, ending: str) -> Path:
    return path.with_name(path.name.removesuffix(".gz").rpartition(".")[0] + ending)


def read_card(path: Path) -> Card:
    """The card beside a benchmark's file, or one that says nothing; UserError names what cannot be read."""
    file = beside(path)
    if file is None:
        return Card()
    values = Lines.of(file.read_text(encoding="utf-8", errors="replace"), str(file)).values or {}  # JSON is YAML too
    if not isinstance(values, dict):
        raise UserError(f"{file}: a card is a mapping such as `source: ..`, found {type(values).__name__}.")
    try:
        card = Card.model_validate(values)
    except ValidationError as error:
        raise UserError(f"{file}: {_explain(error)}.") from None
    if card.layout and card.layout not in BY_NAME:
        raise UserError(f"{file}: unknown layout '{card.layout}'; known: {', '.join(BY_NAME)}.")
    return card


def write_card(path: Path, card: Card) -> Path:
    """Write a card beside a benchmark's file, to be edited; one that is there is never overwritten."""
    file = beside(path)
    if file is not None:
        raise UserError(f"The benchmark {path} has a card already: edit {file}, or remove it first.")
    replace_text(_named(path, SUFFIXES[0]), card.dump())
    return _named(path, SUFFIXES[0])


def form_of(references: list[str]) -> Form:
    """What answers are, told by all of them."""
    found = [boxed(reference) or reference for reference in references]
    if all(numeric(reference) is not None for reference in found):
        return "numeric"
    if all(choice(reference) for reference in found):
        return "choice"
    if all(reference.lower() in ("yes", "no", "true", "false") for reference in found):
        return "yes_no"
    return "math" if any(set(reference) & set("\\^_=$") for reference in found) else "text"


def _explain(error: ValidationError) -> str:
    problem = error.errors()[0]
    where = ".".join(map(str, problem["loc"]))
    if problem["type"] == "extra_forbidden":
        return f"a card has no '{where}'; it may have: {', '.join(Card.model_fields)}"
    found = f"{problem['msg'][:1].lower()}{problem['msg'][1:]}, found {problem['input']!r}"
    return f"{where}: {found}" + (f"; answers are {', '.join(FORMS)}" if where == "answers" else "")
