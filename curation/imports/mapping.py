"""Mapping: which column of a file is the question, the reasoning, the answer.

Written on the command line as `question=prompt,output=response,correct=is_correct`; a column inside another is
`metadata.level`, and `question|problem` takes the first that is not empty.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from curation.errors import UserError, unknown
from curation.imports.record import Row
from curation.imports.values import has
from curation.trace import Form

LayoutName = Literal["columns", "samples", "messages", "preference", "tree", "winnow"]
LAYOUTS: tuple[LayoutName, ...] = get_args(LayoutName)


class Mapping(BaseModel):
    """The columns of a file by what they hold, and the layout of its rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layout: LayoutName = Field("columns", description="How a row is turned into traces")
    question: str | None = Field(None, description="Column of the question")
    context: str | None = Field(None, description="Text put before the question, such as a passage")
    input: str | None = Field(None, description="Text put after the question, as in Alpaca")
    options: str | None = Field(None, description="Options put after the question as lettered lines")
    reasoning: str | None = Field(None, description="Reasoning in a column of its own")
    steps: str | None = Field(None, description="Reasoning as a list of steps")
    output: str | None = Field(None, description="Whole output: reasoning in think tags, then the answer")
    answer: str | None = Field(None, description="Text after the reasoning")
    reference: str | None = Field(None, description="Reference answer of the problem")
    samples: str | None = Field(None, description="List of solutions, or * for a column per model")
    messages: str | None = Field(None, description="List of chat messages")
    chosen: str | None = Field(None, description="Preferred solution of a pair")
    rejected: str | None = Field(None, description="Rejected solution of a pair")
    model: str | None = Field(None, description="Name of the model that wrote the solution")
    correct: str | None = Field(None, description="Whether the solution is correct")
    dataset: str | None = Field(None, description="Dataset of the problem")
    split: str | None = Field(None, description="Split of the problem")
    subject: str | None = Field(None, description="Subject of the problem")
    media: str | None = Field(None, description="Paths of images, videos or audios")
    form: Form = Field("cot", description="Form of the reasoning")

    def columns(self) -> dict[str, str]:
        """The mapped columns by field name."""
        return {name: path for name, path in self.model_dump(exclude_none=True, exclude={"layout", "form"}).items()}

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The mapped columns alone."""
        return tuple(self.columns().values())

    def text(self) -> str:
        """The mapping as it is written on the command line."""
        values = {**self.columns(), **self.model_dump(include={"layout", "form"}, exclude_defaults=True)}
        return ",".join(f"{name}={value}" for name, value in values.items())


def parse_mapping(text: str) -> Mapping:
    """The mapping written as `question=..,reasoning=..`; UserError names a wrong field and the known ones."""
    values = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, sign, path = part.partition("=")
        if not sign or not path.strip():
            raise UserError(
                f"Mapping '{part}' is not of the form field=column, as in question=prompt,output=response."
            )
        if name.strip() not in Mapping.model_fields:
            raise unknown("mapping field", name.strip(), list(Mapping.model_fields))
        values[name.strip()] = path.strip()
    try:
        return Mapping.model_validate(values)
    except ValidationError as error:
        problem = error.errors()[0]
        message = problem["msg"].replace("Input should be", "use")
        raise UserError(f"Mapping field '{problem['loc'][0]}': {message}, found '{problem['input']}'.") from None


def check_mapping(mapping: Mapping, rows: Sequence[Row], file: str) -> None:
    """UserError where a mapped column is in none of the rows."""
    found = sorted({name for row in rows for name in row})
    for name, path in mapping.columns().items():
        inside = name in ("output", "answer", "reasoning", "correct", "model") and mapping.layout == "samples"
        if path != "*" and not inside and rows and not any(has(row, path) for row in rows):
            raise UserError(
                f"{file} has no column '{path}' for {name}; its columns: {', '.join(found)}. "
                f"Name another with --map {name}=COLUMN."
            )
