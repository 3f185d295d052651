"""One sampler for every schedule: which group the next row comes from, as training goes on.

Explicit to implicit reasoning (weights move from {explicit: 1} to {implicit: 1}), two-phase mixes (distilled rows
first, then distilled and gold ones), a mix a stage: all are weights of groups that move from a start to an end.
"""

import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from curation.errors import UserError
from curation.trace import Trace

Curve = Literal["linear", "exp", "inv_exp", "sigmoid", "power"]
MixBy = Literal["dataset", "model", "form", "subject", "reasoning"]
Moves = Literal["between_stages", "within_stages"]
STEEPNESS, POWER = 3.0, 2.0  # ours: the papers name the curves; their constants were not found


def falling(curve: Curve, position: float) -> float:
    """What falls from 1 to 0 while the position goes from 0 to 1: evenly, early, late, in the middle, or early.

    SKIntern compares linear, exp and inv_exp; "LLM to BERT" NER linear mixes with sigmoid and power decay.
    """
    if curve == "linear":
        return 1.0 - position
    if curve == "power":
        return float((1.0 - position) ** POWER)
    shapes: dict[Curve, Callable[[float], float]] = {
        "exp": lambda x: math.exp(-STEEPNESS * x),
        "inv_exp": lambda x: -math.exp(STEEPNESS * x),
        "sigmoid": lambda x: 1 / (1 + math.exp(4 * STEEPNESS * (x - 0.5))),
    }
    shape = shapes[curve]
    return (shape(position) - shape(1.0)) / (shape(0.0) - shape(1.0))


def rates(stages: int, curve: Curve = "linear") -> list[float]:
    """How much of the help each stage gives, from all of it to none; a single stage gives none."""
    return [falling(curve, stage / (stages - 1)) for stage in range(stages)] if stages > 1 else [0.0]


def shots(most: int, stages: int, stage: int, curve: Curve = "linear") -> int:
    """Whole examples shown at a stage: most * rate rounded down, for the linear curve without a float."""
    if stages < 2:
        return 0
    if curve == "linear":
        return most * (stages - 1 - stage) // (stages - 1)
    return math.floor(most * falling(curve, stage / (stages - 1)) + 1e-9)


@dataclass(frozen=True)
class Mix:
    """Weights of groups at the start and at the end of a course; `first` and `last` are the part of it sampled."""

    start: Mapping[str, float]
    end: Mapping[str, float]
    curve: Curve = "linear"
    first: float = 0.0
    last: float = 1.0

    def shares(self, position: float) -> dict[str, float]:
        """The share of every group at a position of the part, from 0 to 1."""
        here = falling(self.curve, self.first + (self.last - self.first) * position)
        old, new = _shares(self.start), _shares(self.end)
        return {name: here * old.get(name, 0) + (1 - here) * new.get(name, 0) for name in {**old, **new}}

    def stage(self, number: int, stages: int, moves: Moves) -> "Mix":
        """One stage's part: a stretch of the course, or the same shares from its start to its end."""
        if moves == "within_stages" or stages == 1:
            return replace(self, first=number / stages, last=(number + 1) / stages)
        return replace(self, first=number / (stages - 1), last=number / (stages - 1))


def grouped_by(by: MixBy | None) -> Callable[[Trace], str]:
    """Which group a trace with its reasoning belongs to."""
    named: dict[MixBy | None, Callable[[Trace], str | None]] = {
        None: lambda trace: "",
        "dataset": lambda trace: trace.problem.dataset,
        "model": lambda trace: trace.model,
        "form": lambda trace: trace.form,
        "subject": lambda trace: trace.problem.subject,
        "reasoning": lambda trace: "explicit",
    }
    return lambda trace: named[by](trace) or ""


def sample(
    groups: Sequence[str], lengths: Sequence[int], mix: Mix, limit: float, seed: object, *, exact: bool = True
) -> list[int]:
    """Row numbers until `limit` tokens are drawn, each group's rows in reshuffled whole passes.

    `groups` names the group of each row. Exact: after any number of rows each group has had its share of them, to
    less than one row; else each row's group is drawn by its share.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for row, name in enumerate(groups):
        members[name].append(row)
    _known({**mix.start, **mix.end}, members)
    rows = {name: _passes(found, f"{name} {seed}") for name, found in members.items()}
    rng, owed = random.Random(f"groups {seed}"), dict.fromkeys(rows, 0.0)
    order: list[int] = []
    used = 0
    while rows and used < limit:
        shares = {name: share for name, share in mix.shares(used / limit).items() if name in rows}
        if not sum(shares.values()):
            break
        name = _owed(owed, shares) if exact else rng.choices(list(shares), list(shares.values()))[0]
        order.append(next(rows[name]))
        used += lengths[order[-1]]
    return order


def _known(weights: Mapping[str, float], groups: Mapping[str, Sequence[int]]) -> None:
    for name, weight in weights.items():
        if weight and name not in groups:
            raise UserError(
                f"The mix gives '{name}' a weight, but no row that can be trained is of that group; groups: "
                f"{', '.join(sorted(groups))}."
            )


def _owed(owed: dict[str, float], shares: Mapping[str, float]) -> str:
    """The group that is furthest behind its share."""
    whole = sum(shares.values())
    for name, share in shares.items():
        owed[name] += share / whole
    chosen = max(shares, key=lambda name: (owed[name], shares[name]))
    owed[chosen] -= 1
    return chosen


def _passes(members: Sequence[int], seed: str) -> Iterator[int]:
    rng = random.Random(seed)
    while True:
        yield from rng.sample(members, len(members))


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    whole = sum(weights.values())
    return {name: weight / whole for name, weight in weights.items()}
