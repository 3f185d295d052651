"""Several sampled answers to each problem, each with a seed of its own."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from curation.models import QUESTION, Completion, LanguageModel, Request, ask
from curation.params import Positive, Prompt
from curation.trace import Problem
from training.strategy import Setting

Temperature = Annotated[float, Field(ge=0, le=5)]
TopP = Annotated[float, Field(gt=0, le=1)]


class Sampling(BaseModel):
    """How many answers are drawn, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    n: Positive = 1
    temperature: Temperature = 0.0
    top_p: TopP = 1.0
    max_new_tokens: Positive = 512
    instruction: Prompt = QUESTION

    def draw(
        self, problems: Sequence[Problem], setting: Setting, model: LanguageModel, part: int = 0, of: int = 1
    ) -> list[list[Completion]]:
        """N answers to each problem; of several draws, `part` tells this one's seeds and progress apart."""
        requests = [self._request(problem, setting, part, sample) for problem in problems for sample in range(self.n)]
        heard = setting.heard(len(problems), of * len(requests), part * len(requests))
        found = model.complete(requests, heard)
        return [found[start : start + self.n] for start in range(0, len(found), self.n)]

    def _request(self, problem: Problem, setting: Setting, part: int, sample: int) -> Request:
        seed = setting.seed_of(problem, part, sample)
        return Request(
            ask(problem.question, self.instruction), self.max_new_tokens, self.temperature, seed, self.top_p
        )
