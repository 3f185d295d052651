"""Step scorers: how right each step of a solution is."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

from curation.errors import UserError

Aggregate = Literal["mean", "min", "last"]


class StepScorer(Protocol):
    """Anything that scores the steps of a solution, each between 0 and 1."""

    def scores(self, question: str, reasoning: str) -> list[float]:
        """A score for every step."""


def open_scorer(name: str, runs: Path = Path()) -> StepScorer:
    """The scorer of a finished `prm` run, by the run's id or its folder."""
    raise UserError(f"There is no step scorer '{name}' in {runs}. Train one with the objective prm.")


def aggregate(scores: Sequence[float], how: Aggregate = "mean") -> float | None:
    """One score of a whole solution; None where no step was scored."""
    if not scores:
        return None
    return {"mean": sum(scores) / len(scores), "min": min(scores), "last": scores[-1]}[how]
