"""Does a model find the right solution likelier than a wrong one? CCI4.0 asks so of students that solve nothing."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import pyarrow as pa
from pydantic import Field

from curation.models import QUESTION, Completion, Request, ask, log_probs
from curation.params import Prompt
from curation.trace import Problem
from training.answering.corruption import other_numbers, shuffled_words
from training.answering.facts import facts_of, share
from training.answering.problem_extra import extra_of
from training.answering.step_scorer import aggregate
from training.strategy import Attempt, Setting, Strategy

RIGHT, WRONG = "chosen", "rejected"


class PplPreference(Strategy):
    """The share of problems whose right solution has a lower perplexity than the wrong one; nothing is generated.

    A benchmark row carries the solutions as `chosen` and `rejected`; with `corrupt` the wrong one is made from the
    right one. Only tokens of the solution count, not those of the question.
    """

    strategy: Literal["ppl_preference"] = "ppl_preference"
    instruction: Prompt = Field(QUESTION, description="How the question is put")
    corrupt: Literal["none", "words", "numbers"] = Field(
        "none", description="How the wrong solution is made; none: the row has one"
    )  # ours

    def solve(self, problems: Sequence[Problem], setting: Setting) -> list[Attempt]:
        """For every problem the solution the model prefers, right where that is the chosen one."""
        rights = [extra_of(problem, RIGHT) for problem in problems]
        wrongs = [self._wrong(problem, right, setting) for problem, right in zip(problems, rights, strict=True)]
        requests = [Request(ask(problem.question, self.instruction)) for problem in problems]
        found = log_probs(setting.model, requests * 2, [*rights, *wrongs])
        if setting.done:
            setting.done(len(problems))
        values = [aggregate(one) for one in found]
        pairs = zip(problems, rights, wrongs, values[: len(problems)], values[len(problems) :], strict=True)
        return [_attempt(*pair) for pair in pairs]

    def _wrong(self, problem: Problem, right: str, setting: Setting) -> str:
        if self.corrupt == "none":
            return extra_of(problem, WRONG)
        rng = random.Random(setting.seed_of(problem, self.corrupt))
        return shuffled_words(right, rng) if self.corrupt == "words" else other_numbers(right, rng)

    def measures(self, attempts: pa.Table) -> dict[str, Any]:
        """Mean of the logarithm of PPL(wrong) / PPL(right): above 0 where the right one is preferred."""
        margins = [row["margin"] for row in facts_of(attempts) if row["margin"] is not None]
        return {"mean_margin": share(margins)}


def _attempt(problem: Problem, right: str, wrong: str, for_right: float | None, for_wrong: float | None) -> Attempt:
    margin = None if for_right is None or for_wrong is None else for_right - for_wrong
    answer = None if margin is None else RIGHT if margin > 0 else WRONG
    preferred = Completion(right if answer == RIGHT else wrong, (), "stop")
    named = replace(problem, reference=RIGHT)
    facts = {"margin": margin}
    return Attempt(named, preferred, answer=answer, decided=True, facts=facts, correct=answer == RIGHT)
