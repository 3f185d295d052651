"""Strategy: how a model is run at inference."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from curation.models import Completion, Done, LanguageModel
from curation.spec import Family, Spec
from curation.trace import Problem


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer to a problem; a problem may get several, told apart by `sample`."""

    problem: Problem
    completion: Completion
    sample: int = 0


class Strategy(Spec):
    """How a model is run at inference."""

    tag = "strategy"

    @abstractmethod
    def solve(
        self, model: LanguageModel, problems: Sequence[Problem], seed: int, done: Done | None = None
    ) -> list[Attempt]:
        """The attempts at every problem; `done` hears how many problems are finished."""


STRATEGIES: Family[Strategy] = Family("strategy", "training.strategies", Strategy)  # type: ignore[type-abstract]
