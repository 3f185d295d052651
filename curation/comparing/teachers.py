"""Teachers on the same problems: how often each is right, how long it writes, what that costs, who beats whom."""

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

from curation.intervals import Interval, clustered


class Teacher(NamedTuple):
    """What one source did; a share nobody can know is None, and so is a cost where some trace tells none.

    The pass rate is the mean over problems, so that many attempts at one count once.
    """

    name: str
    problems: int
    traces: int
    judged: int
    pass_rate: float | None
    interval: Interval | None
    q1: float | None
    median: float | None
    q3: float | None
    no_answer: float | None
    unfinished: float
    cost: float | None
    cost_per_correct: float | None


class Duel(NamedTuple):
    """Two sources on the problems both were judged on: the mean share of one right where the other is wrong."""

    first: str
    second: str
    problems: int
    first_alone: float
    second_alone: float
    both: float


def teachers(totals: pa.Table, outcomes: pa.Table) -> list[Teacher]:
    """One row a source, from its totals and how many problems had each outcome."""
    found: dict[str, list[list[bool]]] = {row["name"]: [] for row in totals.to_pylist()}
    for row in outcomes.to_pylist():
        attempts = [True] * row["right"] + [False] * (row["judged"] - row["right"])
        found[row["name"]] += [attempts] * row["problems"]
    return [_teacher(clusters=found[row["name"]], **row) for row in totals.to_pylist()]


def _teacher(clusters: Sequence[Sequence[bool]], right: int, cost: float | None, **known: object) -> Teacher:
    rates = [sum(attempts) / len(attempts) for attempts in clusters]
    return Teacher(
        **known, cost=cost,  # type: ignore[arg-type]  # the other columns are its fields
        pass_rate=sum(rates) / len(rates) if rates else None, interval=clustered(clusters),
        cost_per_correct=cost / right if cost is not None and right else None,
    )  # fmt: skip


def duels(found: pa.Table) -> list[Duel]:
    """Every two sources that met, in the order of their names."""
    return [Duel(**row) for row in found.to_pylist()]
