"""Answers without thinking: an empty think block stands where the reasoning would (TFPI)."""

from collections.abc import Sequence
from typing import Any, Literal

import pyarrow as pa
from pydantic import Field

from curation.models import OPEN, QUESTION, Request, ask
from curation.params import Positive, Prompt
from curation.trace import Problem
from training.answering.facts import share
from training.strategy import Attempt, Setting, Strategy


class ThinkFree(Strategy):
    """One answer a problem, greedy, behind an empty think block."""

    strategy: Literal["think_free"] = "think_free"
    max_new_tokens: Positive = Field(512, description="Longest answer in tokens; what is longer is cut off")
    instruction: Prompt = Field(QUESTION, description="How the question is put")
    # ours: as answers are rendered for training here; Qwen3 leaves one line more below it
    block: Prompt = Field("<think>\n\n</think>\n", description="How the answer begins; never doubled")

    def most_tokens(self) -> int:
        """Tokens that a problem can cost at most."""
        return self.max_new_tokens

    def solve(self, problems: Sequence[Problem], setting: Setting) -> list[Attempt]:
        """One attempt at every problem, the block not part of its text."""
        requests = [
            Request(ask(problem.question, self.instruction), self.max_new_tokens, prefix=self.block)
            for problem in problems
        ]
        completions = setting.model.complete(requests, setting.done)
        return [Attempt(problem, answer) for problem, answer in zip(problems, completions, strict=True)]

    def measures(self, attempts: pa.Table) -> dict[str, Any]:
        """How many answers think all the same."""
        return {"thinks_again_rate": share([OPEN in text for text in attempts["output"].to_pylist()])}
