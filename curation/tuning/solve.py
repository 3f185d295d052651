"""solve(preview, steps, goal, movable): the thresholds that leave so many rows or tokens, and what that costs.

The thresholds chosen move together by one common tightness: -1 keeps nothing, 0 is where they stand, 1 lifts them.
In between each lets through the same share of the rows it drops now (or keeps now), so that a strict threshold
gives more than a lax one. The tightness is found by bisection over counts; no model runs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from curation.application.report import StepReport
from curation.application.result import Result
from curation.errors import UserError
from curation.operator import OPERATORS, Annotator, Operator, column
from curation.tuning.dials import Dial, dials, lifted
from curation.tuning.same_mix import SCORE, Mixture, is_mixing, mixture

HALVINGS = 14  # the tightness is known to one part in 16,000; with the two ends that is 17 applications at most
CLOSE = 0.99  # of the goal is enough in the same mix, as each value's rows are rounded; ours
GRID = 1000  # quantiles of a score known between which a threshold is interpolated


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
    """Steps that meet the goal, or come as near as they can: then `limit` says what stands in the way.

    `note` says which difficulties the same mix has to do without.
    """

    steps: tuple[Operator, ...]
    rows: int
    tokens: int | None
    problems: int
    traded: tuple[Traded, ...]
    met: bool
    limit: str = ""
    estimated: bool = False
    applications: int = 0
    note: str = ""


def solve(preview: Applies, steps: Sequence[Operator], goal: Goal, movable: Sequence[int]) -> Solution:
    """Move the thresholds of the movable steps until the goal is just met."""
    search = Search(preview, steps, goal, movable)
    tightness = search.find()
    return search.solution(tightness)


class Search:
    """The bisection, and the applications it has made."""

    def __init__(self, preview: Applies, steps: Sequence[Operator], goal: Goal, movable: Sequence[int]) -> None:
        """Measure the scores with all movable thresholds lifted."""
        self.preview, self.goal, self.amount, self.applications = preview, goal, goal.amount, 0
        chosen = dials(steps, movable)
        if not chosen:
            raise UserError("No step is chosen whose threshold can move; choose one with a minimum, maximum or share.")
        self.steps = [step for step in steps if not (goal.same_mix and is_mixing(step))]
        gone = [place for place, step in enumerate(steps) if goal.same_mix and is_mixing(step)]
        self.dials = [dial._replace(place=dial.place - sum(place < dial.place for place in gone)) for dial in chosen]
        # what reads texts after the last movable threshold is not applied again and again
        last = max(dial.place for dial in self.dials) + 1
        mappers = [place for place, step in enumerate(self.steps) if step.kind == "mapper" and place >= last]
        self.searched = min(mappers, default=len(self.steps))
        self.start = preview.apply(_rating(self.steps) if goal.same_mix else [])
        self.present = self.apply(self.steps)
        self.scale = self._scale()
        self.open = self.apply(self._moved({dial: lifted(dial) for dial in self.dials})[: self.searched])
        self.dials = [self._measured(dial) for dial in self.dials]
        # a problem never solved has no right trace, whatever the thresholds: the mix is that of the others
        self.absent = mixture(self.start, self.open).empty() if goal.same_mix else []

    def apply(self, steps: Sequence[Operator]) -> Result:
        """Apply and count."""
        self.applications += 1
        return self.preview.apply(steps)

    def _scale(self) -> float:
        """What the steps after the searched ones leave of one row or token."""
        searched, final = _counted(self.present.reports[self.searched - 1], self.goal), self._final()
        return final / searched if searched else 1.0

    def _final(self) -> int:
        final = _counted(self.present.reports[-1], self.goal)
        if final is None:
            raise UserError("The tokens of the rows left are not counted; add count_tokens to the recipe, at its end.")
        return final

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
        result = self.apply(self.at(tightness)[: self.searched])
        amount = self._in_mix(self._mixture(result)) if self.goal.same_mix else None
        return round((amount if amount is not None else _counted(result.reports[-1], self.goal) or 0) * self.scale)

    def _mixture(self, result: Result) -> Mixture:
        return mixture(self.start, result).without({group.name for group in self.absent})

    def _note(self) -> str:
        if not self.absent:
            return ""
        names = ", ".join(f"{float(group.name):.2f}" for group in self.absent)
        share = sum(group.share for group in self.absent)
        return (
            f"{share:.0%} of the rows at the start have a difficulty of which no row can be kept, whatever the chosen "
            f"thresholds ({names}); the mix is that of the others."
        )

    def _in_mix(self, found: Mixture) -> float:
        return found.most() * (found.tokens_a_row() or 0 if self.goal.unit == "tokens" else 1)

    def find(self) -> float:
        """The smallest tightness that leaves enough; 1 where none does."""
        enough = self.reached(0.0) >= self.amount
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
        steps, scarce = self.at(tightness), ""
        if self.goal.same_mix:
            steps, scarce = self._mixed(steps)
        result = self.apply(steps)
        last = result.reports[-1]
        enough = self.amount * (CLOSE if self.goal.same_mix else 1)
        met = (_counted(last, self.goal) or 0) >= enough
        limit = "" if met else f"{self._limit(result)} {scarce}".strip()
        return Solution(
            tuple(steps), last.rows, last.tokens, last.problems, tuple(self._traded(result, tightness)), met, limit,
            last.estimated, self.applications, self._note(),
        )  # fmt: skip

    def _mixed(self, steps: list[Operator]) -> tuple[list[Operator], str]:
        """The steps with one that takes the rows in the mix of the start, before any text is changed."""
        result = self.apply(steps[: self.searched])
        if result.reports[-1].estimated:
            raise UserError(
                "The same difficulty mix needs exact counts, but a step before the thresholds reads texts that nobody "
                "measured yet; measure its scores on the traces page first."
            )
        found = self._mixture(result)
        tokens = (found.tokens_a_row() or 1) if self.goal.unit == "tokens" else 1
        rows = min(found.most(), math.ceil(self.amount / (tokens * (self.scale or 1))))
        group = found.scarce()
        scarce = (
            f"Of the start's mix, rows of difficulty {found.named(group)} are the scarcest: {group.rows:,} are left."
        )
        return [*steps[: self.searched], found.step(rows), *steps[self.searched :]], scarce

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
        most = f"{_counted(result.reports[-1], self.goal) or 0:,}"
        lost = worst.rows_in - worst.rows
        return (
            f"With the chosen thresholds lifted, {most} {self.goal.unit} are the most there are. Step {worst.step} "
            f"({worst.op}) drops the most of the rest: {lost:,} of {worst.rows_in:,} rows."
        )


def _counted(report: StepReport, goal: Goal) -> int | None:
    return report.rows if goal.unit == "rows" else report.tokens


def _rating(steps: Sequence[Operator]) -> list[Operator]:
    """The annotators of a recipe that make the difficulty, so that it is known of the rows at the start."""
    wanted, chosen = {SCORE}, list[Operator]()
    for step in reversed(steps):
        if isinstance(step, Annotator) and wanted & set(step.adds()):
            chosen.insert(0, step)
            wanted |= set(step.needs())
    return chosen


def _passed(report: StepReport) -> float:
    return report.rows / report.rows_in if report.rows_in else 0.0
