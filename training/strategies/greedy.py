"""One answer a problem, always the likeliest token."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from curation.models import Request, ask
from curation.params import Positive
from curation.trace import Problem
from training.strategy import Attempt, Setting, Strategy


class Greedy(Strategy):
    """One answer a problem, always the likeliest token."""

    strategy: Literal["greedy"] = "greedy"
    max_new_tokens: Positive = Field(512, description="Longest answer in tokens; what is longer is cut off")

    def most_tokens(self) -> int:
        """Tokens that a problem can cost at most."""
        return self.max_new_tokens

    def solve(self, problems: Sequence[Problem], setting: Setting) -> list[Attempt]:
        """One attempt at every problem."""
        requests = [Request(ask(problem.question), self.max_new_tokens) for problem in problems]
        completions = setting.model.complete(requests, setting.done)
        return [Attempt(problem, answer) for problem, answer in zip(problems, completions, strict=True)]
