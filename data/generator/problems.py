"""Seeded word problems: a pile that grows and shrinks over one to six steps, some with a distractor.

"Ana has 12 apples. She buys 5 more. Ben finds 3 as well. She gives away half. How many apples does Ana have now?"
"""

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Op = Literal["add", "subtract", "double", "half"]

LOW, HIGH = 2, 99
MAX_AMOUNT = 20

HER_NAMES = ("Ana", "Eva", "Kim", "Lena", "Maya", "Nina", "Rosa", "Zoe")
HIS_NAMES = ("Ali", "Ben", "Carl", "Dan", "Hugo", "Leo", "Omar", "Sam")
ITEMS = ("apples", "beads", "books", "cards", "coins", "marbles", "nuts", "pencils", "plums", "shells", "stamps")

PHRASES: dict[Op, tuple[str, ...]] = {
    "add": ("buys {n} more", "finds {n} more", "wins {n} more"),
    "subtract": ("gives away {n}", "loses {n}", "sells {n}"),
    "double": ("doubles the pile",),
    "half": ("gives away half",),
}
DISTRACTORS: dict[Op, tuple[str, ...]] = {
    "add": ("finds {n} as well", "buys {n} too", "wins {n} as well"),
    "subtract": ("loses {n} as well", "sells {n} too"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One sentence of a problem: who does what, and how it changes the pile."""

    op: Op
    amount: int
    subject: str
    predicate: str

    @property
    def clause(self) -> str:
        """The sentence without its full stop."""
        return f"{self.subject} {self.predicate}"


@dataclass(frozen=True, slots=True)
class Problem:
    """A word problem; the distractor, if any, stands before the step at `place`."""

    name: str
    item: str
    start: int
    steps: tuple[Step, ...]
    distractor: Step | None = None
    place: int = 0

    @property
    def misread(self) -> tuple[Step, ...]:
        """The steps of a reader who counts the distractor."""
        if self.distractor is None:
            return self.steps
        return (*self.steps[: self.place], self.distractor, *self.steps[self.place :])

    @property
    def question(self) -> str:
        """The problem as text."""
        story = " ".join(f"{step.clause}." for step in self.misread)
        return f"{self.name} has {self.start} {self.item}. {story} How many {self.item} does {self.name} have now?"

    @property
    def values(self) -> list[int]:
        """The start and the pile after every step."""
        return run(self.start, self.steps)

    @property
    def answer(self) -> int:
        """The reference answer."""
        return self.values[-1]

    @property
    def subject(self) -> str:
        """`distractor` or `plain`."""
        return "plain" if self.distractor is None else "distractor"


def advance(value: int, step: Step) -> int:
    """The pile after one step."""
    match step.op:
        case "add":
            return value + step.amount
        case "subtract":
            return value - step.amount
        case "double":
            return value * 2
        case "half":
            return value // 2


def run(start: int, steps: Sequence[Step]) -> list[int]:
    """The start and the pile after every step."""
    values = [start]
    for step in steps:
        values.append(advance(values[-1], step))
    return values


def is_sound(start: int, steps: Sequence[Step]) -> bool:
    """Whether every pile is a whole number within the range."""
    values = run(start, steps)
    halves_even = all(value % 2 == 0 for value, step in zip(values, steps, strict=False) if step.op == "half")
    return halves_even and all(LOW <= value <= HIGH for value in values)


def make_problem(seed: int, n_steps: int, with_distractor: bool) -> Problem:
    """The problem of one seed; the same seed gives the same problem."""
    rng = random.Random(seed)
    while True:
        problem = _draw_problem(rng, n_steps)
        if problem is None:
            continue
        if not with_distractor:
            return problem
        problem = _add_distractor(rng, problem)
        if is_sound(problem.start, problem.misread) and run(problem.start, problem.misread)[-1] != problem.answer:
            return problem


def stream(first_seed: int, steps: range, distractor_share: float, taken: Collection[str] = ()) -> Iterator[Problem]:
    """Problems of consecutive seeds, without those whose question is taken or came before."""
    seen = set(taken)
    seed = first_seed
    while True:
        rng = random.Random(f"shape {seed}")
        problem = make_problem(seed, rng.choice(steps), rng.random() < distractor_share)
        seed += 1
        if problem.question not in seen:
            seen.add(problem.question)
            yield problem


def _draw_problem(rng: random.Random, n_steps: int) -> Problem | None:
    her = rng.random() < 0.5
    name = rng.choice(HER_NAMES if her else HIS_NAMES)
    start = rng.randint(4, 60)
    steps: list[Step] = []
    value = start
    for _ in range(n_steps):
        step = _draw_step(rng, value, "She" if her else "He")
        if step is None:
            return None
        steps.append(step)
        value = advance(value, step)
    return Problem(name, rng.choice(ITEMS), start, tuple(steps))


def _draw_step(rng: random.Random, value: int, pronoun: str) -> Step | None:
    op: Op = rng.choices(("add", "subtract", "double", "half"), (35, 35, 15, 15))[0]
    room = {"add": HIGH - value, "subtract": value - LOW}.get(op, MAX_AMOUNT)
    amount = rng.randint(2, min(room, MAX_AMOUNT)) if room >= 2 else 0
    step = Step(op, amount, pronoun, rng.choice(PHRASES[op]).format(n=amount))
    return step if room >= 2 and is_sound(value, (step,)) else None


def _add_distractor(rng: random.Random, problem: Problem) -> Problem:
    op: Op = rng.choice(("add", "subtract"))
    amount = rng.randint(2, MAX_AMOUNT)
    predicate = rng.choice(DISTRACTORS[op]).format(n=amount)
    friend = rng.choice([name for name in HER_NAMES + HIS_NAMES if name != problem.name])
    step = Step(op, amount, friend, predicate)
    return replace(problem, distractor=step, place=rng.randint(1, len(problem.steps)))
