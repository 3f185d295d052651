"""One answer a problem, always the likeliest token."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from curation.models import Done, LanguageModel, Request, ask
from curation.params import Positive
from curation.trace import Problem
from training.strategy import Attempt, Strategy


class Greedy(Strategy):
    """One answer a problem, always the likeliest token."""

    strategy: Literal["greedy"] = "greedy"
    max_new_tokens: Positive = Field(512, description="Longest answer in tokens; what is longer is cut off")

    def solve(
        self, model: LanguageModel, problems: Sequence[Problem], seed: int, done: Done | None = None
    ) -> list[Attempt]:
        """One attempt at every problem."""
        requests = [Request(ask(problem.question), self.max_new_tokens) for problem in problems]
        completions = model.complete(requests, done)
        return [Attempt(problem, answer) for problem, answer in zip(problems, completions, strict=True)]
