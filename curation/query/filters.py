"""Filter: which traces a view shows; written by brushes and boxes, carried in the URL, read as SQL."""

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from curation.errors import UserError, unknown
from curation.operator import LABELS, ScoreType, column, literal
from curation.query.lasso import Lasso
from curation.trace import canonical_json

Bound = Annotated[float, Field(allow_inf_nan=False)] | None
Range = tuple[Bound, Bound]
NEAREST = 200  # traces a search by meaning finds
Kind = Literal["text", "regex", "meaning", "sql"]


class Search(NamedTuple):
    """A condition that is looked up once and then joined by id: it reads texts or vectors, or asks SQL."""

    kind: Kind
    text: str
    nearest: int = NEAREST


class Filter(BaseModel):
    """Conditions that all hold; empty or None means unknown.

    Number ranges, values, flags, an area over two numbers, one problem; a text or a regular expression in question,
    reasoning or answer, the `nearest` traces in meaning, and a SQL condition or a SELECT of ids.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    ranges: dict[str, Range] = {}
    values: dict[str, tuple[str, ...]] = {}
    flags: dict[str, bool | None] = {}
    lasso: Lasso | None = None
    problem_id: str | None = None
    text: str = ""
    regex: str = ""
    meaning: str = ""
    nearest: int = Field(NEAREST, ge=1, le=100_000)
    sql: str = Field("", max_length=8000)

    def with_range(self, name: str, low: float | None, high: float | None) -> Self:
        """A copy with this range set, or removed when both ends are open."""
        others = {key: value for key, value in self.ranges.items() if key != name}
        both_open = low is None and high is None
        return self.model_copy(update={"ranges": others if both_open else {**others, name: (low, high)}})

    def with_values(self, name: str, values: tuple[str, ...]) -> Self:
        """A copy with these category values allowed, or all of them when none is given."""
        others = {key: value for key, value in self.values.items() if key != name}
        return self.model_copy(update={"values": {**others, name: values} if values else others})

    def with_flag(self, name: str, *flag: bool | None) -> Self:
        """A copy with this flag asked for, or lifted when none is given."""
        others = {key: value for key, value in self.flags.items() if key != name}
        return self.model_copy(update={"flags": {**others, name: flag[0]} if flag else others})

    def to_query(self) -> str:
        """The filter as text for the URL; empty when it filters nothing."""
        values = self.model_dump(mode="json", exclude_defaults=True)
        return canonical_json(values) if values else ""

    @classmethod
    def from_query(cls, text: str) -> Self:
        """The filter of a URL; UserError when it cannot be read."""
        try:
            return cls.model_validate(json.loads(text)) if text else cls()
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "the whole"
            raise _unreadable(f"{place}: {first['msg']}") from None
        except ValueError as error:
            raise _unreadable(str(error)) from None

    def names(self) -> list[str]:
        """The columns the filter reads."""
        drawn = [self.lasso.x, self.lasso.y] if self.lasso else []
        return [*self.ranges, *self.values, *self.flags, *drawn]

    def reads_labels(self) -> bool:
        """Whether a label somebody sets may change what the filter shows; SQL may read anything."""
        return bool(self.sql.strip() or set(LABELS) & set(self.names()))

    def searches(self) -> list[Search]:
        """The conditions `where` leaves out, since they have to be looked up."""
        texts: dict[Kind, str] = {"text": self.text, "regex": self.regex, "meaning": self.meaning, "sql": self.sql}
        found = [(kind, text) for kind, text in texts.items() if text.strip()]
        return [Search(kind, text, self.nearest if kind == "meaning" else NEAREST) for kind, text in found]

    def where(self, columns: Mapping[str, ScoreType]) -> str:
        """The conditions on columns as SQL over `scores`; UserError for a column the store does not have."""
        for name in self.names():
            if name not in columns:
                raise unknown("score in the filter", name, list(columns))
        _check_kinds("range", self.ranges, columns, "number")
        _check_kinds("flag", self.flags, columns, "flag")
        _check_kinds("drawn area", [self.lasso.x, self.lasso.y] if self.lasso else [], columns, "number")
        parts = [_range(name, *ends) for name, ends in self.ranges.items()]
        parts += [
            f"coalesce({column(name)}::VARCHAR, '') IN ({', '.join(map(literal, values))})"
            for name, values in self.values.items()
        ]
        parts += [f"{column(name)} IS NOT DISTINCT FROM {literal(flag)}" for name, flag in self.flags.items()]
        parts += [f"problem_id = {literal(self.problem_id)}"] if self.problem_id else []
        parts += [self.lasso.where()] if self.lasso else []
        return " AND ".join(parts) or "TRUE"


def _unreadable(reason: str) -> UserError:
    return UserError(f"The filter in the address cannot be read ({reason}); remove it from the address.")


def _check_kinds(condition: str, names: Iterable[str], columns: Mapping[str, ScoreType], kind: ScoreType) -> None:
    for name in names:
        if columns[name] != kind:
            raise UserError(f"The filter gives a {condition} for '{name}', which is a {columns[name]}; remove it.")


def _range(name: str, low: float | None, high: float | None) -> str:
    ends = [f"{column(name)} >= {low!r}"] if low is not None else []
    ends += [f"{column(name)} <= {high!r}"] if high is not None else []
    return " AND ".join(ends) or "TRUE"
