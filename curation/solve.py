"""solve(preview, steps, goal, movable): the thresholds that leave so many rows or tokens, and what that costs.

The thresholds chosen move together by one common tightness: -1 keeps nothing, 0 is where they stand, 1 lifts them.
In between each lets through the same share of the rows it drops now (or keeps now), so that a strict threshold
gives more than a lax one. The tightness is found by bisection over counts; no model runs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from curation.errors import UserError
from curation.operator import OPERATORS, Operator, Selector, column
from curation.report import StepReport
from curation.result import Result

HALVINGS = 14  # the tightness is known to one part in 16,000; with the two ends that is 17 applications at most
GRID = 1000  # quantiles of a score known between which a threshold is interpolated
LIFTED = 1e300


class Applies(Protocol):
    """A preview: steps in, result out, again and again."""

    def apply(self, steps: Sequence[Operator]) -> Result:
        """What the steps leave."""


@dataclass(frozen=True)
class Goal:
    """At least so many rows, or so many tokens; with `same_mix`, as easy and hard as the rows at the start."""

    rows: int | None = None
    tokens: int | None = None
    same_mix: bool = False

    @property
    def unit(self) -> Literal["rows", "tokens"]:
        """What is counted."""
        return "rows" if self.rows is not None else "tokens"

    @property
    def amount(self) -> int:
        """How many; UserError unless rows or tokens are asked for, and more than none."""
        wanted = [amount for amount in (self.rows, self.tokens) if amount is not None]
        if len(wanted) != 1 or wanted[0] < 1:
            raise UserError(f"A goal is a number of rows or of tokens, at least 1; found {self}.")
        return wanted[0]


class Traded(NamedTuple):
    """A threshold that moved, and the share of the rows reaching its step that pass, before and after."""

    step: int
    op: str
    score: str
    field: str
    before: float
    after: float
    kept_before: float
    kept_after: float


@dataclass(frozen=True)
class Solution:
    """Steps that meet the goal, or come as near as they can: then `limit` says what stands in the way."""

    steps: tuple[Operator, ...]
    rows: int
    tokens: int | None
    problems: int
    traded: tuple[Traded, ...]
    met: bool
    limit: str = ""
    estimated: bool = False
    applications: int = 0


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


def solve(preview: Applies, steps: Sequence[Operator], goal: Goal, movable: Sequence[int]) -> Solution:
    """Move the thresholds of the movable steps until the goal is just met."""
    search = Search(preview, steps, goal, movable)
    tightness = search.find()
    return search.solution(tightness)


class Search:
    """The bisection, and the applications it has made."""

    def __init__(self, preview: Applies, steps: Sequence[Operator], goal: Goal, movable: Sequence[int]) -> None:
        """Measure the scores with all movable thresholds lifted."""
        self.preview, self.steps, self.goal, self.applications = preview, list(steps), goal, 0
        self.amount = goal.amount
        self.dials = dials(steps, movable)
        if not self.dials:
            raise UserError("No step is chosen whose threshold can move; choose one with a minimum, maximum or share.")
        self.present = self.apply(self.steps)
        # what reads texts after the last movable threshold is not applied again and again
        last = max(dial.place for dial in self.dials) + 1
        mappers = [place for place, step in enumerate(self.steps) if step.kind == "mapper" and place >= last]
        self.searched = min(mappers, default=len(self.steps))
        self.scale = self._scale()
        self.open = self.apply(self._moved({dial: _lifted(dial) for dial in self.dials})[: self.searched])
        self.dials = [self._measured(dial) for dial in self.dials]

    def apply(self, steps: Sequence[Operator]) -> Result:
        """Apply and count."""
        self.applications += 1
        return self.preview.apply(steps)

    def _scale(self) -> float:
        """What the steps after the searched ones leave of one row or token."""
        searched, final = self._amount(self.present.reports[self.searched - 1]), self._amount(self.present.reports[-1])
        return final / searched if searched and final is not None else 1.0

    def _measured(self, dial: Dial) -> Dial:
        if dial.keeps == "share":
            return dial
        points = f"[{', '.join(str(n / GRID) for n in range(GRID + 1))}]"
        value = f"CAST({column(dial.score)} AS DOUBLE)"
        query = f"SELECT quantile_disc({value}, {points}) FROM ({self.open.alive(dial.place)}) WHERE isfinite({value})"
        quantiles = self.open.connection.execute(query).fetchall()[0][0]
        if not quantiles:
            raise UserError(f"No row has the score '{dial.score}', so its threshold cannot be moved.")
        return dial._replace(grid=tuple(quantiles))

    def _moved(self, values: dict[Dial, float]) -> list[Operator]:
        steps = list(self.steps)
        for dial, value in values.items():
            given = {**steps[dial.place].dump(), dial.field: value}
            if given.get("minimum", value) > given.get("maximum", value):  # both ends have met
                given |= {"minimum": value, "maximum": value}
            steps[dial.place] = OPERATORS.parse(given)
        return steps

    def at(self, tightness: float) -> list[Operator]:
        """The steps at a tightness."""
        return self._moved({dial: dial.at(tightness) for dial in self.dials})

    def reached(self, tightness: float) -> int:
        """How much the steps leave at a tightness."""
        reports = self.apply(self.at(tightness)[: self.searched]).reports
        return round((self._amount(reports[-1]) or 0) * self.scale)

    def _amount(self, report: StepReport) -> int | None:
        return report.rows if self.goal.unit == "rows" else report.tokens

    def find(self) -> float:
        """The smallest tightness that leaves enough; 1 where none does."""
        if self._amount(self.present.reports[-1]) is None:
            raise UserError("The tokens of the rows left are not counted; add count_tokens to the recipe, at its end.")
        enough = round((self._amount(self.present.reports[self.searched - 1]) or 0) * self.scale) >= self.amount
        low, high = (-1.0, 0.0) if enough else (0.0, 1.0)
        if not enough and self.reached(1.0) < self.amount:
            return 1.0
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            if self.at(middle) == self.at(high):
                break
            reached = self.reached(middle)
            low, high = (low, middle) if reached >= self.amount else (middle, high)
            if reached == self.amount:
                break
        return high

    def solution(self, tightness: float) -> Solution:
        """The steps at a tightness, applied whole."""
        steps = self.at(tightness)
        result = self.apply(steps)
        last = result.reports[-1]
        met = (self._amount(last) or 0) >= self.amount
        return Solution(
            tuple(steps), last.rows, last.tokens, last.problems, tuple(self._traded(result, tightness)), met,
            "" if met else self._limit(result), last.estimated, self.applications,
        )  # fmt: skip

    def _traded(self, result: Result, tightness: float) -> list[Traded]:
        out = []
        for dial in self.dials:
            before, after = self.present.reports[dial.place], result.reports[dial.place]
            out.append(
                Traded(
                    dial.place + 1, after.op, dial.score, dial.field, dial.now, dial.at(tightness),
                    _passed(before), _passed(after),
                )
            )  # fmt: skip
        return [traded for traded in out if traded.before != traded.after]

    def _limit(self, result: Result) -> str:
        """Which step stands in the way when every chosen threshold is lifted."""
        reports = [report for report in result.reports if report.kind != "annotator"]
        worst = max(reports, key=lambda report: report.rows_in - report.rows)
        most = f"{self._amount(result.reports[-1]) or 0:,}"
        lost = worst.rows_in - worst.rows
        return (
            f"With the chosen thresholds lifted, {most} {self.goal.unit} are the most there are. Step {worst.step} "
            f"({worst.op}) drops the most of the rest: {lost:,} of {worst.rows_in:,} rows."
        )


def _passed(report: StepReport) -> float:
    return report.rows / report.rows_in if report.rows_in else 0.0


def _lifted(dial: Dial) -> float:
    return {"low": LIFTED, "high": -LIFTED, "share": 1.0}[dial.keeps]
