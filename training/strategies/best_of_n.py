"""Several sampled answers, and the one a scorer likes best (URSA: by the mean of its step scores)."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import pyarrow as pa
from pydantic import Field

from curation.models import QUESTION, Completion, Request, ask
from curation.params import Positive, Prompt
from curation.trace import Problem
from training.facts import counted, facts_of, spent
from training.sampling import Sampling, Temperature, TopP
from training.step_scorer import Aggregate, aggregate
from training.strategy import Attempt, Setting, Strategy
from training.voting import repeated


class BestOfN(Strategy):
    """Of several sampled answers the one with the best steps, or the likeliest one; ties go to the first."""

    strategy: Literal["best_of_n"] = "best_of_n"
    n: Positive = Field(8, description="Answers a problem")  # ours; URSA reports 4 to 32
    temperature: Temperature = Field(1.0, description="Temperature of sampling")  # URSA samples at T=1, top-p .95
    top_p: TopP = Field(0.95, description="Share of probability sampled from")
    max_new_tokens: Positive = Field(512, description="Longest answer in tokens; what is longer is cut off")
    instruction: Prompt = Field(QUESTION, description="How the question is put")
    scorer: Literal["log_prob", "steps"] = Field("log_prob", description="Likelihood by a model, or a step scorer")
    by: str = Field("", description="Run of the scorer, or the judging student; empty: itself")
    aggregate: Aggregate = Field("mean", description="How the scores of tokens or steps make one")

    def solve(self, problems: Sequence[Problem], setting: Setting) -> list[Attempt]:
        """For every problem the samples as drafts, then the best of them."""
        how = Sampling(**self.model_dump(include=set(Sampling.model_fields)))
        drawn = how.draw(problems, setting, setting.model)
        scored = self._scores(problems, drawn, setting)
        pairs = zip(problems, drawn, scored, strict=True)
        return [one for problem, found, values in pairs for one in _attempts(problem, found, values)]

    def _scores(
        self, problems: Sequence[Problem], drawn: Sequence[Sequence[Completion]], setting: Setting
    ) -> list[list[float | None]]:
        pairs = [(problem, one) for problem, found in zip(problems, drawn, strict=True) for one in found]
        if self.scorer == "steps":
            judge = setting.scorer(self.by)
            values = [judge.scores(problem.question, completion.text) for problem, completion in pairs]
        else:
            requests = [Request(ask(problem.question, self.instruction)) for problem, _ in pairs]
            values = setting.model_of(self.by).log_probs(requests, [completion.text for _, completion in pairs])
        flat = [aggregate(one, self.aggregate) for one in values]
        return [flat[start : start + self.n] for start in range(0, len(flat), self.n)]

    def measures(self, attempts: pa.Table) -> dict[str, Any]:
        """What the samples alone are worth: avg@n, pass@n as the ceiling, and the vote it has to beat."""
        unscored = sum(row["score"] is None for row in facts_of(counted(attempts)))
        return {**repeated(attempts.filter(attempts["draft"])), "unscored": unscored}


def _attempts(problem: Problem, found: Sequence[Completion], scores: Sequence[float | None]) -> list[Attempt]:
    drafts = [
        Attempt(problem, completion, sample, draft=True, facts={"score": score})
        for sample, (completion, score) in enumerate(zip(found, scores, strict=True))
    ]
    best = max(range(len(found)), key=lambda sample: (-math.inf if (own := scores[sample]) is None else own, -sample))
    n_tokens, n_prompt = spent(found)
    facts = {"score": scores[best], "chosen": best}
    return [*drafts, Attempt(problem, found[best], n_tokens=n_tokens, n_prompt_tokens=n_prompt, facts=facts)]
