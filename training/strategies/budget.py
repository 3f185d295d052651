"""The same problems at several thinking budgets, as in BARD: does length follow the budget, and at what cost?"""

from collections.abc import Sequence
from statistics import fmean
from typing import Any, Literal

import pyarrow as pa
from pydantic import Field

from curation.models import CLOSE, Completion, Request, ask
from curation.params import Positive, Prompt
from curation.trace import Problem
from training.answering.facts import by_fact, facts_of, share, spent, told
from training.strategy import Attempt, Setting, Strategy

ASKED = "{question} Think for at most {budget} tokens."  # ours; the paper's wording is not known


class Budget(Strategy):
    """One greedy answer a problem for each budget of thinking tokens, with violations and fidelity.

    Without `{budget}` in the instruction and with `force`, it is the paper's baseline of hard truncation. Answers
    without a think block are measured whole.
    """

    strategy: Literal["budget"] = "budget"
    # BARD evaluates budgets of 500 to 8,000 tokens
    budgets: list[Positive] = Field([500, 1000, 2000, 4000, 8000], description="Thinking tokens allowed", min_length=1)
    instruction: Prompt = Field(ASKED, description="How the question and its {budget} are put")
    force: bool = Field(True, description="Close the think block at the budget and have the answer written")
    forced: Prompt = Field("\n</think>\nThe answer is", description="What closes a think block at the budget")  # ours
    thinking_tokens: Positive = Field(8192, description="Longest thinking where nothing is forced, tokens")  # ours
    answer_tokens: Positive = Field(128, description="Longest answer after the thinking, tokens")  # ours

    def most_tokens(self) -> int:
        """Tokens that a problem can cost at most."""
        return sum(self._limit(budget) + self.answer_tokens for budget in self.budgets)

    def solve(self, problems: Sequence[Problem], setting: Setting) -> list[Attempt]:
        """One attempt at every problem for each budget: think, close the block, answer."""
        pairs = [(problem, budget) for problem in problems for budget in self.budgets]
        requests = [
            Request(ask(problem.question, self.instruction, budget=budget), self._limit(budget), stop=(CLOSE,))
            for problem, budget in pairs
        ]
        heard, total = setting.heard, 2 * len(requests)
        thoughts = setting.model.complete(requests, heard(len(problems), total))
        beginnings = [self._beginning(thought) for thought in thoughts]
        going_on = [
            Request(request.prompt, self.answer_tokens, prefix=beginning)
            for request, beginning in zip(requests, beginnings, strict=True) if beginning is not None
        ]  # fmt: skip
        answers = iter(setting.model.complete(going_on, heard(len(problems), total, len(requests))))
        return [
            self._attempt(problem, budget, thought, beginning, None if beginning is None else next(answers))
            for (problem, budget), thought, beginning in zip(pairs, thoughts, beginnings, strict=True)
        ]

    def _limit(self, budget: int) -> int:
        return budget if self.force else self.thinking_tokens

    def _beginning(self, thought: Completion) -> str | None:
        """What the answer goes on from; None where the model has ended, or was cut and may not go on."""
        if thought.stopped:
            return thought.text + thought.stopped
        return thought.text + self.forced if self.force and thought.finish_reason == "length" else None

    def _attempt(
        self, problem: Problem, budget: int, thought: Completion, beginning: str | None, answer: Completion | None
    ) -> Attempt:
        whole = thought
        if answer is not None:
            whole = Completion(f"{beginning}{answer.text}", thought.token_ids + answer.token_ids, answer.finish_reason)
        n_tokens, n_prompt = spent([thought] if answer is None else [thought, answer])
        over = thought.n_tokens > budget or thought.finish_reason == "length"
        facts = {"budget": budget, "thinking_tokens": thought.n_tokens, "violated": over}
        return Attempt(
            problem, whole, self.budgets.index(budget), n_tokens=n_tokens, n_prompt_tokens=n_prompt, facts=facts
        )

    def measures(self, attempts: pa.Table) -> dict[str, Any]:
        """For each budget: accuracy, tokens, violations, fidelity (mean of |length - budget| / budget)."""
        return {"budgets": [{"budget": b, **_kept(b, rows)} for b, rows in by_fact(attempts, "budget").items()]}


def _kept(budget: int, rows: pa.Table) -> dict[str, Any]:
    facts = facts_of(rows)
    lengths = [row["thinking_tokens"] for row in facts]
    return {
        **told(rows),
        "mean_thinking_tokens": fmean(lengths),
        "violation_rate": share([row["violated"] for row in facts]),
        "fidelity": fmean(abs(length - budget) / budget for length in lengths),
    }
