"""The same problems put in several ways, such as explain then answer, and answer directly (C2SER)."""

from collections.abc import Sequence
from typing import Any, Literal

import pyarrow as pa
from pydantic import Field

from curation.models import QUESTION, Request, ask
from curation.params import Positive, Prompt
from curation.trace import Problem
from training.answering.facts import by_fact, told
from training.strategy import Attempt, Setting, Strategy

IMPLICIT = "{question} Give only the answer."  # ours


class Instruction(Strategy):
    """One greedy answer to each of several instructions, each measured on its own."""

    strategy: Literal["instruction"] = "instruction"
    instructions: list[Prompt] = Field([QUESTION, IMPLICIT], description="Ways to put the question", min_length=1)
    max_new_tokens: Positive = Field(512, description="Longest answer in tokens; what is longer is cut off")

    def most_tokens(self) -> int:
        """Tokens that a problem can cost at most."""
        return len(self.instructions) * self.max_new_tokens

    def solve(self, problems: Sequence[Problem], setting: Setting) -> list[Attempt]:
        """One attempt at every problem for each instruction."""
        pairs = [(problem, number) for problem in problems for number in range(len(self.instructions))]
        requests = [
            Request(ask(problem.question, self.instructions[number]), self.max_new_tokens) for problem, number in pairs
        ]
        completions = setting.model.complete(requests, setting.heard(len(problems), len(requests)))
        return [
            Attempt(problem, answer, number, facts={"instruction": self.instructions[number]})
            for (problem, number), answer in zip(pairs, completions, strict=True)
        ]

    def measures(self, attempts: pa.Table) -> dict[str, Any]:
        """Accuracy and length for each instruction."""
        return {
            "instructions": [
                {"instruction": text, **told(rows)} for text, rows in by_fact(attempts, "instruction").items()
            ]
        }
