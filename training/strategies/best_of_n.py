"""Several sampled answers, and the one a scorer likes best (URSA: by the mean of its step scores)."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, Self

import pyarrow as pa
from pydantic import Field, model_validator

from curation.models import QUESTION, Completion, Request, ask, log_probs
from curation.params import Positive, Prompt
from curation.trace import Problem
from training.answering.facts import counted, facts_of, spent
from training.answering.sampling import Sampling, Temperature, TopP
from training.answering.step_scorer import Aggregate, aggregate
from training.answering.voting import repeated
from training.strategy import Attempt, Setting, Strategy


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

    @model_validator(mode="after")
    def _names_its_scorer(self) -> Self:
        if self.scorer == "steps" and not self.by:
            raise ValueError("steps are scored by the run of a step scorer: name it in 'by'")
        return self

    def most_tokens(self) -> int:
        """Tokens that a problem can cost at most."""
        return self.n * self.max_new_tokens

    def solve(self, problems: Sequence[Problem], setting: Setting) -> list[Attempt]:
        """For every problem the samples as drafts, then the best of them."""
        how = Sampling(**self.model_dump(include=set(Sampling.model_fields)))
        judge = self._judge(setting)  # first, so a wrong name costs nothing
        drawn = how.draw(problems, setting, setting.model)
        pairs = [(one, answer) for one, found in zip(problems, drawn, strict=True) for answer in found]
        scores = [aggregate(values, self.aggregate) for values in judge(pairs)]
        scored = [scores[start : start + self.n] for start in range(0, len(scores), self.n)]
        each = zip(problems, drawn, scored, strict=True)
        return [one for problem, found, values in each for one in _attempts(problem, found, values)]

    def _judge(self, setting: Setting) -> Callable[[Sequence[tuple[Problem, Completion]]], list[list[float]]]:
        """Scores of the steps, or log-probabilities of the tokens, of each answer."""
        if self.scorer == "steps":
            scorer = setting.scorer(self.by)
            return lambda pairs: [scorer.scores(problem.question, answer.text) for problem, answer in pairs]
        model = setting.model_of(self.by)
        return lambda pairs: log_probs(
            model,
            [Request(ask(problem.question, self.instruction)) for problem, _ in pairs],
            [answer.text for _, answer in pairs],
        )

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
