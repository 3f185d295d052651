"""Strategy: how a model is run at inference."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from curation.benchmarking.card import AUTO, Verifier
from curation.models import Completion, Done, LanguageModel
from curation.spec import Family, Spec
from curation.trace import Problem, content_id
from training.answering.step_scorer import StepScorer, open_scorer

Fact = str | float | int | bool | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer to a problem; a problem may get several, told apart by `sample`.

    A draft is what another attempt was made from, such as a vote's members: kept to be read, never counted. `answer`
    is the answer where it was not read from the text (a vote, a program's result); `n_tokens` is what all calls
    behind the attempt generated, and `n_prompt_tokens` what they read, where that is more than its completion's;
    `facts` are shown and measured by the strategy, such as the budget asked for.
    """

    problem: Problem
    completion: Completion
    sample: int = 0
    draft: bool = False
    answer: str | None = None
    decided: bool = False  # True: `answer` stands, None being no answer; else it is read from the completion
    n_tokens: int | None = None
    n_prompt_tokens: int | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    correct: bool | None = None  # where something else than comparing the answer decides it


@dataclass(frozen=True, slots=True)
class Setting:
    """What a strategy is given: the student, others and step scorers by name, the seed, and who hears of progress."""

    model: LanguageModel
    named: Callable[[str], LanguageModel]  # a student's run, a folder or a hub name; UserError when there is none
    seed: int = 0
    done: Done | None = None
    scorer: Callable[[str], StepScorer] = open_scorer
    verifier: Verifier = AUTO  # how the benchmark's answers are found and compared

    def model_of(self, name: str) -> LanguageModel:
        """The model of that name; the student where there is none."""
        return self.named(name) if name else self.model

    def seed_of(self, problem: Problem, *parts: object) -> int:
        """A seed for one request that depends on nothing else asked in the run."""
        return int(content_id(str(self.seed), problem.id, *map(str, parts))[:15], 16)

    def heard(self, problems: int, total: int, before: int = 0) -> Done | None:
        """`done` for one of several calls: requests, of `total` in all calls, counted as problems."""
        done = self.done
        return (lambda count: done((before + count) * problems // total)) if done else None


class Strategy(Spec):
    """How a model is run at inference."""

    tag = "strategy"

    @abstractmethod
    def solve(self, problems: Sequence[Problem], setting: Setting) -> list[Attempt]:
        """The attempts at every problem, in the order of the problems; `done` hears how many are finished."""

    def measures(self, attempts: pa.Table) -> dict[str, Any]:
        """What only this strategy can say of its attempts, rows of evaluate.SAMPLES, such as pass@k."""
        return {}

    def most_tokens(self) -> int | None:
        """Tokens that a problem can cost at most; None where nothing bounds them."""
        return None


STRATEGIES: Family[Strategy] = Family("strategy", "training.strategies", Strategy)  # type: ignore[type-abstract]
