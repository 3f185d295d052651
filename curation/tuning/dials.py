"""Dials: the numeric thresholds of a recipe's steps, each at a tightness from -1 (nothing passes) to 1 (lifted)."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from curation.operator import Operator, Selector

LIFTED = 1e300


class Dial(NamedTuple):
    """A threshold: its step's place, field and score, which side it keeps, and the quantiles of its score."""

    place: int
    field: str
    score: str
    keeps: Literal["low", "high", "share"]
    now: float
    grid: tuple[float, ...] = ()

    def at(self, tightness: float) -> float:
        """The threshold at a common tightness."""
        if tightness == 0:
            return self.now
        share = self.share()
        passing = share + tightness * (1 - share) if tightness > 0 else share * (1 + tightness)
        if self.keeps == "share":
            return max(1e-6, round(passing, 6))
        place = (passing if self.keeps == "low" else 1 - passing) * (len(self.grid) - 1)
        low = min(int(place), len(self.grid) - 2)
        value = self.grid[low] + (place - low) * (self.grid[low + 1] - self.grid[low])
        return _rounded(value, self.grid[-1] - self.grid[0], up=self.keeps == "low")

    def share(self) -> float:
        """The share of values that pass where the threshold stands now."""
        if self.keeps == "share":
            return self.now
        passing = [value <= self.now if self.keeps == "low" else value >= self.now for value in self.grid]
        return sum(passing) / len(passing)


def _rounded(value: float, span: float, up: bool) -> float:
    """To about a ten-thousandth of the score's range, outwards, so that no row at the end is lost."""
    unit = 10.0 ** math.floor(math.log10(span or 1) - 3)
    places = math.ceil(value / unit) if up else math.floor(value / unit)
    return float(f"{places * unit:.10g}")


def dials(steps: Sequence[Operator], movable: Sequence[int]) -> list[Dial]:
    """The numeric thresholds of the steps of these numbers (from 1)."""
    found = []
    for number in movable:
        step = steps[number - 1]
        values = step.parameters()
        score = str(values.get("score"))
        sides: tuple[tuple[str, Literal["low", "high", "share"]], ...] = (("minimum", "high"), ("maximum", "low"))
        if step.title() == "keep_quantile":
            sides = (("share", "share"),)
        if isinstance(step, Selector):
            found += [
                Dial(number - 1, field, score, keeps, float(values[field]))
                for field, keeps in sides
                if isinstance(values.get(field), int | float)
            ]
    return found


def movable_steps(steps: Sequence[Operator]) -> list[int]:
    """Numbers of the steps that have a threshold to move."""
    return [number for number in range(1, len(steps) + 1) if dials(steps, [number])]


def lifted(dial: Dial) -> float:
    """The threshold that lets everything pass."""
    return {"low": LIFTED, "high": -LIFTED, "share": 1.0}[dial.keeps]
