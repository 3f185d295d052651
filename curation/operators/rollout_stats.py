"""How often a model solves each problem: the pass rate of sampled answers, how far they agree, and a level.

LiteCoT rates a problem by the share of sampled answers that are right: easy from 0.75 on, hard up to 0.25.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from curation.answers import numeric, plain
from curation.asker import Asker
from curation.models import Completion, Request
from curation.operator import Annotation, Annotator, Failure, ScoreType
from curation.params import Fraction, ModelName, Positive
from curation.prompting.bisect import Stuck
from curation.prompting.prompts import PromptText, chat, checked, shipped
from curation.prompting.reaching import came, is_right, stated
from curation.trace import Trace


class RolloutStats(Annotator):
    """Let a model solve each problem several times: how often it is right, and how far its answers agree.

    Answers that never came do not count; one without an answer in it is wrong. The pass rate and the level are unknown
    without a reference answer, the majority's share where no answer was found.
    """

    op: Literal["rollout_stats"] = "rollout_stats"
    model: ModelName = Field(description="Model that solves the problems")
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = Field(
        "rollout", description="What its scores begin with"
    )
    n: Positive = Field(8, description="Answers sampled for a problem", le=256)  # URSA and LiteCoT: 8
    temperature: float = Field(0.7, description="Temperature of the samples", ge=0, le=2)  # ours
    max_new_tokens: Positive = Field(2048, description="Tokens an answer may have", le=131_072)  # ours
    prompt: PromptText = Field(shipped("rollout_stats", "solve"), description="How the question is put")
    easy_from: Fraction = Field(0.75, description="Lowest pass rate of an easy problem")  # LiteCoT
    hard_to: Fraction = Field(0.25, description="Highest pass rate of a hard problem")  # LiteCoT

    about = "problem"
    slots = ("question",)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        checked(self.prompt, self.slots)
        if self.hard_to >= self.easy_from:
            raise ValueError(f"hard_to is {self.hard_to:g}, not below easy_from, which is {self.easy_from:g}")
        return self

    def asks(self) -> tuple[str, ...]:
        """The model that solves the problems."""
        return (self.model,)

    def adds(self) -> dict[str, ScoreType]:
        """Pass rate, share of the commonest answer, number of answers found, and easy, medium or hard."""
        kinds: dict[str, ScoreType] = {
            "pass_rate": "number", "majority_share": "number", "n_answered": "number", "level": "category",
        }  # fmt: skip
        return {f"{self.name}_{score}": kind for score, kind in kinds.items()}

    def request(self, trace: Trace) -> Request:
        """The first sample."""
        return self._request(trace, 0)

    def _request(self, trace: Trace, seed: int) -> Request:
        return Request(chat(self.prompt, {"question": trace.question}), self.max_new_tokens, self.temperature, seed)

    def annotate_with(self, traces: Sequence[Trace], asker: Asker) -> list[Annotation | Failure]:
        """Ask once for every problem of the batch; all traces of a problem get its scores."""
        firsts = {trace.problem.id: trace for trace in reversed(traces)}
        requests = [self._request(trace, seed) for trace in firsts.values() for seed in range(self.n)]
        rows = [trace.id for trace in firsts.values() for _ in range(self.n)]
        answers = iter(asker.complete(self.model, requests, rows))
        found = {problem: came([next(answers) for _ in range(self.n)]) for problem in firsts}
        return [self._told(trace, found[trace.problem.id]) for trace in traces]

    def _told(self, trace: Trace, answers: list[Completion] | Stuck) -> Annotation | Failure:
        if isinstance(answers, Stuck):
            return Failure(trace.id, answers.reason)
        reference = (trace.problem.reference or "").strip()
        said = [text for one in answers if (text := stated(one, reference or None)) is not None]
        counted = Counter(_form(text) for text in said)
        share = max(counted.values()) / len(said) if said else None
        rate = sum(is_right(one, trace) for one in answers) / len(answers) if reference else None
        return Annotation(dict(zip(self.adds(), (rate, share, len(said), self._level(rate)), strict=True)))

    def _level(self, rate: float | None) -> str | None:
        if rate is None:
            return None
        return "easy" if rate >= self.easy_from else "hard" if rate <= self.hard_to else "medium"


def _form(answer: str) -> object:
    """What equal answers have in common: the value of a number, the bare text of any other."""
    value = numeric(answer)
    return plain(answer) if value is None else value
