"""All students on a benchmark in one table: accuracy never without its interval, its length and what was trained on.

A student that was trained on problems of the benchmark, or on near copies of them, is never shown as clean: its line
counts the other problems only, and says so. As everywhere, an accuracy is the mean over problems.
"""

from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from curation.intervals import clustered
from training.comparing.evaluations import Answered, Evaluation


class Line(NamedTuple):
    """One evaluation; every figure is of the `n` problems it was not trained on, of `all_problems` it answered.

    `cost` is the price of all its tokens, at `price` a million; None without a price.
    """

    id: str
    name: str
    student: str
    benchmark: str
    strategy: str
    seed: int
    n: int
    all_problems: int
    attempts: int
    accuracy: float | None
    low: float | None
    high: float | None
    tokens: float | None
    tokens_per_correct: float | None
    no_answer_rate: float | None
    cost: float | None
    cost_per_correct: float | None
    contaminated: int | None
    overlapping: int | None
    on_frontier: bool = False


def line(found: Evaluation, price: float | None = None) -> Line:
    """One evaluation's figures; `price` is what a million generated tokens cost."""
    answers = found.clean()
    total = sum(answer.attempts for answer in answers)
    right = sum(answer.right * answer.attempts for answer in answers)
    tokens = sum(answer.tokens * answer.attempts for answer in answers)
    interval = clustered([marks(answer) for answer in answers])
    empty = sum(answer.no_answer * answer.attempts for answer in answers)
    cost = None if price is None or not total else tokens * price / 1e6
    return Line(
        id=found.id,
        name=found.name,
        student=found.student,
        benchmark=found.benchmark,
        strategy=found.strategy,
        seed=found.seed,
        n=len(answers),
        all_problems=len(found.answers),
        attempts=found.attempts,
        accuracy=fmean(answer.right for answer in answers) if answers else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        tokens=tokens / total if total else None,
        tokens_per_correct=tokens / right if right else None,
        no_answer_rate=empty / total if total else None,
        cost=cost,
        cost_per_correct=cost / right if cost is not None and right else None,
        contaminated=found.contaminated,
        overlapping=found.overlapping,
    )


def marks(answer: Answered) -> list[bool]:
    """The attempts at a problem, the right ones first."""
    right = round(answer.right * answer.attempts)
    return [True] * right + [False] * (answer.attempts - right)


def scoreboard(found: Sequence[Evaluation], price: float | None = None) -> list[Line]:
    """The lines of all evaluations in the given order, those on their benchmark's frontier marked."""
    lines = [line(one, price) for one in found]
    return [one._replace(on_frontier=_on_frontier(one, lines)) for one in lines]


def _on_frontier(one: Line, lines: Sequence[Line]) -> bool:
    """True when no other line of the benchmark is as accurate with fewer tokens, or more so with as many."""
    if one.accuracy is None or one.tokens is None:
        return False
    return not any(
        other.accuracy >= one.accuracy
        and other.tokens <= one.tokens
        and (other.accuracy, other.tokens) != (one.accuracy, one.tokens)
        for other in lines
        if other.benchmark == one.benchmark and other.accuracy is not None and other.tokens is not None
    )


def cleanliness(one: Line) -> str:
    """What is known of the problems the student was trained on, in words."""
    if one.contaminated is None:
        return "not trained here, so unknown"
    counts = {"trained on": one.contaminated, "on near copies of": one.overlapping or 0}
    if not any(counts.values()):
        return "trained on none of them" + (", nor on near copies" if one.overlapping == 0 else "")
    told = " and ".join(f"{words} {count:,}" for words, count in counts.items() if count)
    told = f"{told if one.contaminated else f'trained {told}'} of {one.all_problems:,} problems"
    if one.n:
        return f"{told}; figures are of the other {one.n:,}"
    unknown = "" if sum(counts.values()) == one.all_problems else ", it is not known which"
    return f"{told}{unknown}, so nothing is counted"
