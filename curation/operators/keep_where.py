"""Keep the rows whose score lies in a range, is one of some values, or is true or false."""

from typing import Literal, Self

from pydantic import Field, model_validator

from curation.operator import Decision, Selector, column, literal
from curation.params import ScoreName


class KeepWhere(Selector):
    """Keep rows whose score meets every stated condition."""

    op: Literal["keep_where"] = "keep_where"
    score: ScoreName = Field(description="Score or column compared")
    minimum: float | None = Field(None, description="Smallest value kept", allow_inf_nan=False)
    maximum: float | None = Field(None, description="Largest value kept", allow_inf_nan=False)
    values: list[str] | None = Field(None, description="Categories kept", min_length=1)
    equals: bool | None = Field(None, description="Flag kept")
    unknown: Literal["drop", "keep"] = Field("drop", description="What happens to rows without this score")

    @model_validator(mode="after")
    def _conditions(self) -> Self:
        ranged = self.minimum is not None or self.maximum is not None
        kinds = ranged + (self.values is not None) + (self.equals is not None)
        if kinds != 1:
            raise ValueError(
                "give minimum and/or maximum for a number, or values for a category, or equals for a flag"
            )
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum:g} is above maximum {self.maximum:g}, so no row can be kept")
        return self

    def needs(self) -> tuple[str, ...]:
        """The compared score."""
        return (self.score,)

    def decide(self) -> Decision:
        """Compare in SQL; a row with a NULL or NaN score is unknown, whatever the conditions."""
        if self.values is not None:
            return self._category(self.values)
        if self.equals is not None:
            return self._flag(self.equals)
        return self._number()

    def _decision(self, value: str, unknown: str, met: str, reason: str, threshold: str) -> Decision:
        kept = literal(self.unknown == "keep")
        lacking = literal(f"{self.score} is unknown")
        return Decision(
            value,
            f"CASE WHEN {unknown} THEN {kept} ELSE {met} END",
            f"CASE WHEN {unknown} THEN {lacking} ELSE {reason} END",
            threshold,
            alone=True,
        )

    def _number(self) -> Decision:
        value = f"CAST({column(self.score)} AS DOUBLE)"
        low, high = self.minimum, self.maximum
        below = "FALSE" if low is None else f"{value} < {literal(low)}"
        bounds = [literal(bound) for bound in (low, high) if bound is not None]
        sides = [literal(f"{self.score} is below {_plain(low)}")] if low is not None else []
        sides += [literal(f"{self.score} is above {_plain(high)}")] if high is not None else []
        met = " AND ".join(
            [f"{value} >= {literal(low)}"] * (low is not None) + [f"{value} <= {literal(high)}"] * (high is not None)
        )
        # the bound a row is nearest to, so that the rows around it can be listed
        nearer = f"abs({value} - {bounds[0]}) <= abs({value} - {bounds[-1]})"
        threshold = bounds[0] if len(bounds) == 1 else f"CASE WHEN {nearer} THEN {bounds[0]} ELSE {bounds[-1]} END"
        reason = f"CASE WHEN {below} THEN {sides[0]} ELSE {sides[-1]} END"
        unknown = f"({value} IS NULL OR isnan({value}))"
        return self._decision(value, unknown, met, reason, threshold)

    def _category(self, values: list[str]) -> Decision:
        value = f"CAST({column(self.score)} AS VARCHAR)"
        listed = ", ".join(literal(item) for item in values)
        reason = literal(f"{self.score} is not {' or '.join(values)}")
        return self._decision(value, f"{value} IS NULL", f"{value} IN ({listed})", reason, literal(", ".join(values)))

    def _flag(self, equals: bool) -> Decision:
        value = f"CAST({column(self.score)} AS BOOLEAN)"
        reason = literal(f"{self.score} is {str(not equals).lower()}")
        return self._decision(value, f"{value} IS NULL", f"{value} = {literal(equals)}", reason, literal(equals))


def _plain(bound: float | None) -> str:
    return "" if bound is None else f"{bound:.10g}"
