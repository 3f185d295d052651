"""Several sampled answers a problem: how often one is right, how often any, and what their vote says."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import Field

from curation.models import QUESTION, Request, ask
from curation.params import Positive, Prompt
from curation.trace import Problem
from training.strategy import Attempt, Setting, Strategy
from training.voting import repeated


class SampleN(Strategy):
    """Several sampled answers a problem, measured as avg@n, unbiased pass@k and maj@k."""

    strategy: Literal["sample_n"] = "sample_n"
    # Warm Up Before You Train: 4 samples a problem at temperature 0.7, top-p 0.95
    n: Positive = Field(4, description="Answers a problem")
    temperature: Annotated[float, Field(ge=0, le=5)] = Field(0.7, description="Temperature of sampling")
    top_p: Annotated[float, Field(gt=0, le=1)] = Field(0.95, description="Share of probability sampled from")
    max_new_tokens: Positive = Field(512, description="Longest answer in tokens; what is longer is cut off")
    instruction: Prompt = Field(QUESTION, description="How the question is put")

    def solve(self, problems: Sequence[Problem], setting: Setting) -> list[Attempt]:
        """n attempts at every problem, each with a seed of its own."""
        pairs = [(problem, sample) for problem in problems for sample in range(self.n)]
        requests = [
            Request(
                ask(problem.question, self.instruction), self.max_new_tokens, self.temperature,
                setting.seed_of(problem, sample), self.top_p,
            )
            for problem, sample in pairs
        ]  # fmt: skip
        completions = setting.model.complete(requests, setting.heard(len(problems), len(requests)))
        return [
            Attempt(problem, answer, sample)
            for (problem, sample), answer in zip(pairs, completions, strict=True)
        ]  # fmt: skip

    def measures(self, attempts: pa.Table) -> dict[str, Any]:
        """avg@n, pass@k and maj@k for k of 1, 2, 4 up to n."""
        return repeated(attempts)
