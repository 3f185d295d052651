"""One answer a problem, always the likeliest token."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from curation.models import QUESTION, Request, ask
from curation.params import Positive, Prompt
from curation.trace import Problem
from training.strategy import Attempt, Setting, Strategy


class Greedy(Strategy):
    """One answer a problem, always the likeliest token."""

    strategy: Literal["greedy"] = "greedy"
    max_new_tokens: Positive = Field(512, description="Longest answer in tokens; what is longer is cut off")
    instruction: Prompt = Field(QUESTION, description="How the question is put")

    def most_tokens(self) -> int:
        """Tokens that a problem can cost at most."""
        return self.max_new_tokens

    def solve(self, problems: Sequence[Problem], setting: Setting) -> list[Attempt]:
        """One attempt at every problem."""
        asked = [ask(problem.question, self.instruction) for problem in problems]
        requests = [Request(messages, self.max_new_tokens) for messages in asked]
        completions = setting.model.complete(requests, setting.done)
        return [Attempt(problem, answer) for problem, answer in zip(problems, completions, strict=True)]
