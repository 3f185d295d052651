"""Judging by a model: the reply it is asked for, reading it, and making one score of several votes.

What cannot be read is unknown: a score outside its scale is no score.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Literal

from curation.operator import ScoreType, Value
from curation.prompting.replies import json_of

Aggregate = Literal["mean", "median", "majority"]
REASON = "reason"  # asked for first, so that the scores follow from it


@dataclass(frozen=True, slots=True)
class Rubric:
    """What is judged: criteria with their meaning, each a number on a scale or one of some choices."""

    criteria: Mapping[str, str]
    low: int = 1
    high: int = 5
    choices: Sequence[str] = ()

    @property
    def kind(self) -> ScoreType:
        """The type of its scores."""
        return "category" if self.choices else "number"

    def listed(self) -> str:
        """The criteria, one a line."""
        return "\n".join(f"- {name}: {meaning}" for name, meaning in self.criteria.items())

    def reply(self) -> str:
        """How the reply has to look, in words."""
        quoted = ", ".join(json.dumps(choice, ensure_ascii=False) for choice in self.choices)
        value = f"one of {quoted}" if quoted else f"a whole number from {self.low} (worst) to {self.high} (best)"
        asked = ", ".join(f'"{name}": {value}' for name in self.criteria)
        return f'Reply with one JSON object: {{"{REASON}": "one or two sentences", {asked}}}'

    def schema(self) -> str:
        """How the reply has to look, as a JSON schema."""
        number = {"type": "integer", "minimum": self.low, "maximum": self.high}
        value = {"type": "string", "enum": list(self.choices)} if self.choices else number
        return object_schema({REASON: {"type": "string"}, **dict.fromkeys(self.criteria, value)})

    def read(self, text: str) -> dict[str, Value]:
        """What a reply says of each criterion; None where that cannot be read."""
        said = json_of(text) or {}
        return {name: self._value(said.get(name)) for name in self.criteria}

    def _value(self, said: object) -> Value:
        if said is None:
            return None
        if self.choices:
            known = {choice.casefold(): choice for choice in self.choices}
            return known.get(str(said).strip().casefold())
        try:
            number = float(said) if isinstance(said, int | float | str) and not isinstance(said, bool) else None
        except ValueError:
            return None
        return number if number is not None and self.low <= number <= self.high else None


def object_schema(properties: Mapping[str, object]) -> str:
    """The JSON schema, as text, of an object with exactly these properties."""
    return json.dumps(
        {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    )


def voted(votes: Sequence[Value], how: Aggregate) -> Value:
    """One value of several votes, unknown ones left out; unknown where none is left or a majority is tied."""
    known = [vote for vote in votes if vote is not None]
    numbers = [float(vote) for vote in known if isinstance(vote, int | float)]
    if not known:
        return None
    if how != "majority" and len(numbers) == len(known):
        return fmean(numbers) if how == "mean" else median(numbers)
    (first, count), *others = Counter(known).most_common(2)
    return None if others and others[0][1] == count else first


def explained(text: str, longest: int = 300) -> str | None:
    """The reason a reply gives, cut to this many characters."""
    reason = (json_of(text) or {}).get(REASON)
    return reason.strip()[:longest] or None if isinstance(reason, str) else None
