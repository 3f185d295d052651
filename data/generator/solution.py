"""The sums a teacher writes for a problem, right or spoiled by one planted error."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from data.generator.problems import Op, Problem, Step, is_sound, run

Noise = Literal["none", "distractor_error", "slip", "skipped_step", "loop", "truncated"]

SYMBOLS: dict[Op, str] = {"add": "+", "subtract": "-", "double": "*", "half": "/"}
INVERSES: dict[Op, Op] = {"add": "subtract", "subtract": "add", "double": "half", "half": "double"}
DELTAS = (-10, -2, -1, 1, 2, 10)


@dataclass(frozen=True, slots=True)
class Sum:
    """One step worked out; `after` is wrong where a slip was planted."""

    step: Step
    before: int
    after: int

    @property
    def text(self) -> str:
        """The equation, for instance `12 + 5 = 17`."""
        return _equation(self.before, self.step.op, self.step.amount, self.after)

    @property
    def undone(self) -> str:
        """The inverse equation, for instance `17 - 5 = 12`."""
        return _equation(self.after, INVERSES[self.step.op], self.step.amount, self.before)


def draw_noise(rng: random.Random, problem: Problem) -> Noise:
    """Which error the teacher makes; the shares are those of the demo's design."""
    kinds: tuple[Noise, ...] = ("loop", "truncated", "slip", "skipped_step", "none")
    noise = rng.choices(kinds, (5, 5, 6, 6, 78))[0]
    if noise == "none" and problem.distractor is not None and rng.random() < 0.45:
        return "distractor_error"
    if noise == "skipped_step" and not _skippable(problem):
        return "slip"
    return noise


def solve(rng: random.Random, problem: Problem, noise: Noise) -> list[Sum]:
    """The sums with the planted error in them."""
    if noise == "distractor_error":
        return work_out(problem.start, problem.misread)
    if noise == "skipped_step":
        return work_out(problem.start, rng.choice(_skippable(problem)))
    sums = work_out(problem.start, problem.steps)
    return _with_slip(rng, sums) if noise == "slip" else sums


def work_out(start: int, steps: Sequence[Step]) -> list[Sum]:
    """The right sums for these steps."""
    values = run(start, steps)
    return [Sum(step, before, after) for step, before, after in zip(steps, values, values[1:], strict=False)]


def spoil(rng: random.Random, right: Sum) -> Sum:
    """The same sum with a wrong result."""
    choices = [right.after + delta for delta in DELTAS if right.after + delta >= 2]
    return replace(right, after=rng.choice(choices))


def _equation(before: int, op: Op, amount: int, after: int) -> str:
    return f"{before} {SYMBOLS[op]} {amount if op in ('add', 'subtract') else 2} = {after}"


def _skippable(problem: Problem) -> list[tuple[Step, ...]]:
    shorter = [problem.steps[:k] + problem.steps[k + 1 :] for k in range(len(problem.steps))]
    sound = [steps for steps in shorter if is_sound(problem.start, steps)]
    return [steps for steps in sound if run(problem.start, steps)[-1] != problem.answer]


def _with_slip(rng: random.Random, sums: list[Sum]) -> list[Sum]:
    # The last step can always slip, as nothing follows that could become a fraction.
    places = rng.sample(range(len(sums)), len(sums))
    return next(filter(None, (_slipped(rng, sums, place) for place in places)))


def _slipped(rng: random.Random, sums: list[Sum], place: int) -> list[Sum] | None:
    wrong = spoil(rng, sums[place])
    rest = [item.step for item in sums[place + 1 :]]
    if rest and not is_sound(wrong.after, rest):
        return None
    return [*sums[:place], wrong, *work_out(wrong.after, rest)]
