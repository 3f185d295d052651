"""Let a model rewrite each trace: to a length, a level of detail, a format, or another language."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from curation.asker import Asker
from curation.models import Request
from curation.operator import Dropped, Failure, Kept, Mapper, Value
from curation.params import Fraction, ModelName, Positive, ScoreName, Seed, TokenizerName, When
from curation.prompting.prompts import PromptText, chat, checked, shipped, version
from curation.prompting.rewriting import LEVELS, Aim, AnswerOf, Gate, Level, Rejected, attempts, level_of, outcome
from curation.prompting.targets import SLOTS, Format, Target, filled, following, prompt_of, required
from curation.texts.tokens import count_tokens
from curation.trace import Trace


class Rewrite(Mapper):
    """Rewrite each trace by a model; what changes the answer, does not parse or misses its target is rejected.

    Replies have the sections <thought> and <solution>, which become reasoning and answer. A rejected reply is asked
    for again with another seed; every cause is told. An untouched shipped prompt follows the target. Programs and
    conversations stay as they are.
    """

    op: Literal["rewrite"] = "rewrite"
    model: ModelName = Field(description="Model that rewrites")
    target: Target = Field("difficulty", description="What the rewrite is made for")
    prompt: PromptText = Field(shipped("rewrite", "difficulty"), description="What the model is asked")
    difficulty_from: Literal["model", "pass_rate", "difficulty", "label"] = Field(
        "model", description="What tells the difficulty; model: the same reply does"
    )
    score: ScoreName | None = Field(None, description="Column of that difficulty; empty for the one of its name")
    easy_from: Fraction = Field(0.75, description="Lowest pass rate of an easy problem")  # system 8's check
    hard_to: Fraction = Field(0.25, description="Highest pass rate of a hard problem")
    target_tokens: dict[Level, Positive] = Field(
        {"easy": 300, "medium": 700, "hard": 1500}, description="Length by difficulty, tokens"
    )  # ours: LiteCoT tells only that length follows difficulty
    budgets: list[Positive] = Field(
        [500, 1000, 2000, 4000, 8000],
        min_length=1,
        description="Tokens of reasoning; one rewrite for each below its own",
    )  # BARD evaluates budgets of 500 to 8,000
    tolerance: Fraction = Field(0.2, description="Share by which a budget may be exceeded")  # ours
    level: Positive = Field(3, description="Level of detail, from a hint to every quantity", le=6)  # Key factors: 1-6
    format: Format = Field("two_sections", description="Form of the reasoning")
    language: str = Field("de", description="Code of the language translated to, as in de", pattern="^[a-z]{2,3}$")
    min_kept: Fraction = Field(0.9, description="Share of words a smoothed text keeps")  # DLCoT's fidelity gate
    answer_of: AnswerOf = Field("both", description="Whose answer a rewrite has to state")
    on_fail: Literal["drop", "keep_original"] = Field("drop", description="What happens when every try is rejected")
    retries: int = Field(2, ge=0, le=16, description="Tries after the first, each with another seed")  # system 8
    max_new_tokens: Positive = Field(4096, description="Longest reply, tokens")  # ours
    temperature: float = Field(0.7, ge=0, le=2, description="Randomness of the reply")  # ours
    seed: Seed = Field(0, description="Seed of the first try")
    tokenizer: TokenizerName = Field("", description="Tokenizer that counts; empty for the built-in estimate")

    slots: ClassVar[tuple[str, ...]] = SLOTS
    when: ClassVar[When] = {
        "difficulty_from target_tokens": {"target": "difficulty"},
        "score": {"target": "difficulty", "difficulty_from": "pass_rate difficulty label"},
        "easy_from hard_to": {"target": "difficulty", "difficulty_from": "pass_rate difficulty"},
        "budgets tolerance": {"target": "budget"},
        "level": {"target": "level"},
        "format": {"target": "format"},
        "language": {"target": "language"},
        "min_kept": {"target": "coherence"},
        "tokenizer": {"target": "difficulty budget"},
    }

    @model_validator(mode="before")
    @classmethod
    def _following(cls, values: Any) -> Any:  # noqa: ANN401  (whatever was given)
        return following(values) if isinstance(values, Mapping) else values

    @model_validator(mode="after")
    def _possible(self) -> Self:
        checked(self.prompt, required(prompt_of(self.target, self.difficulty_from, self.format)))
        if self.retries and not self.temperature:
            raise ValueError("retries at temperature 0 get the same reply again: set retries to 0, or a temperature")
        if self.hard_to >= self.easy_from:
            raise ValueError(f"hard_to {self.hard_to:g} must be below easy_from {self.easy_from:g}")
        if set(self.target_tokens) != set(LEVELS):
            raise ValueError(f"target_tokens must name {', '.join(LEVELS)}, each once")
        return self

    def asks(self) -> tuple[str, ...]:
        """The rewriting model."""
        return (self.model,)

    def needs(self) -> tuple[str, ...]:
        """The difficulty, where the model does not tell it."""
        told = self.target != "difficulty" or self.difficulty_from == "model"
        return () if told else (self.score or self.difficulty_from,)

    def request(self, trace: Trace) -> Request:
        """The first try, for a problem of medium difficulty where that is a score."""
        budget, difficulty = Aim("budget", min(self.budgets)), Aim("difficulty", "medium")
        aims = [one for one in self._aims(trace, {}) if isinstance(one, Aim)]
        return self._request(trace, (aims or [budget if self.target == "budget" else difficulty])[0], 0)

    def map_with(self, traces: Sequence[Trace], asker: Asker) -> list[list[Trace] | Failure | Dropped]:
        """Rewrite without scores."""
        return [[one.trace] if isinstance(one, Kept) else one for one in self.map_known(traces, asker, {})]

    def map_known(
        self, traces: Sequence[Trace], asker: Asker, known: Mapping[str, Mapping[str, Value]]
    ) -> list[list[Trace] | Failure | Dropped | Kept]:
        """Ask for all rows at once, then again for those rejected."""
        gate, said = self._gate(), {"model": self.model, "prompt": version(self.prompt)}
        rows = [attempts(trace, self._aims(trace, known.get(trace.id, {})), gate) for trace in traces]
        for number in range(self.retries + 1):
            left = [one for row in rows for one in row if one.open]
            requests = [self._request(one.trace, one.aim, number) for one in left]
            replies = asker.complete(self.model, requests, [one.trace.id for one in left]) if left else []
            for one, request, reply in zip(left, requests, replies, strict=True):
                one.take(reply, asker.receipt(self.model, request, reply).cost, gate, said)
        return [outcome(trace, row, self.on_fail == "drop") for trace, row in zip(traces, rows, strict=True)]

    def _gate(self) -> Gate:
        return Gate(
            answer_of=self.answer_of,
            shorter=self.target in ("difficulty", "budget"),
            told=self.target == "difficulty" and not self.needs(),
            solution=self.target != "coherence",
            kept=self.min_kept if self.target == "coherence" else None,
            translated=self.language if self.target == "language" else "",
            tokenizer=self.tokenizer,
        )

    def _aims(self, trace: Trace, known: Mapping[str, Value]) -> list[Aim | Rejected]:
        if self.target == "budget":
            length = count_tokens(trace.reasoning, self.tokenizer)
            return [Aim("budget", one, one * (1 + self.tolerance)) for one in self.budgets if one < length]
        if self.needs():
            value = known.get(self.needs()[0])
            level = level_of(value, self.difficulty_from, self.easy_from, self.hard_to)
            return [Aim("difficulty", level) if level else Rejected("difficulty unknown")]
        values = {"level": self.level, "format": self.format, "language": self.language}
        return [Aim(self.target, values.get(self.target))]

    def _request(self, trace: Trace, aim: Aim, number: int) -> Request:
        prompt = chat(self.prompt, filled(trace, aim.value, self.target_tokens))
        return Request(prompt, self.max_new_tokens, self.temperature, self.seed + number)
