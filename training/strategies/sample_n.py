"""Several sampled answers a problem: how often one is right, how often any, and what their vote says."""

from collections.abc import Sequence
from typing import Any, Literal

import pyarrow as pa
from pydantic import Field

from curation.models import QUESTION
from curation.params import Positive, Prompt
from curation.trace import Problem
from training.answering.sampling import Sampling, Temperature, TopP
from training.answering.voting import repeated
from training.strategy import Attempt, Setting, Strategy


class SampleN(Strategy):
    """Several sampled answers a problem, measured as avg@n, unbiased pass@k and maj@k."""

    strategy: Literal["sample_n"] = "sample_n"
    # Warm Up Before You Train: 4 samples a problem at temperature 0.7, top-p 0.95
    n: Positive = Field(4, description="Answers a problem")
    temperature: Temperature = Field(0.7, description="Temperature of sampling")
    top_p: TopP = Field(0.95, description="Share of probability sampled from")
    max_new_tokens: Positive = Field(512, description="Longest answer in tokens; what is longer is cut off")
    instruction: Prompt = Field(QUESTION, description="How the question is put")

    def most_tokens(self) -> int:
        """Tokens that a problem can cost at most."""
        return self.n * self.max_new_tokens

    def solve(self, problems: Sequence[Problem], setting: Setting) -> list[Attempt]:
        """N attempts at every problem, each with a seed of its own."""
        found = Sampling(**self.parameters()).draw(problems, setting, setting.model)
        return [
            Attempt(problem, completion, sample)
            for problem, completions in zip(problems, found, strict=True)
            for sample, completion in enumerate(completions)
        ]

    def measures(self, attempts: pa.Table) -> dict[str, Any]:
        """avg@n, pass@k and maj@k for k of 1, 2, 4 up to n."""
        return repeated(attempts)
