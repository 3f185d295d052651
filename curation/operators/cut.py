"""Cut the reasoning short: by share, by tokens, after the first correct answer, by its last segment, or by a model.

Systems 17, 20 and 21: a shortest sufficient prefix, CODI's dropped last step, and the leading share of a sequence.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from curation.asker import Asker
from curation.errors import UserError
from curation.models import Request
from curation.operator import Dropped, Failure, Mapper
from curation.params import Count, Fraction, Positive, TokenizerName, When
from curation.prompting.bisect import Order
from curation.prompting.prefixes import PrefixSearch, Validator
from curation.prompting.prompts import PromptText, checked, shipped
from curation.prompting.reaching import ENOUGH, VOTES, Reach, is_enough
from curation.texts.cutting import Measure, Policy, Side, kept_characters, kept_segments
from curation.texts.tokens import load_tokenizer
from curation.trace import Trace, keep_segments


class Cut(Mapper):
    """Cut the reasoning short; the answer stays, and so does every kept character.

    Policy `min_valid_prefix` keeps the fewest first segments that are valid: a model still states the right answer
    from them, a judge finds the answer in them, or they hold its first mention. The verdicts are in the child's
    `extra`: {"cut": {"kept": 3, "of": 12, "verdicts": [[6, true], [3, true], [2, false]]}}.
    """

    op: Literal["cut"] = "cut"
    policy: Policy = Field("fraction", description="What decides how much is kept")
    # Distilling the essence: "the first 50% of tokens"
    amount: float = Field(
        0.5, description="Share of the reasoning kept, or tokens kept", gt=0, le=1_000_000,
        json_schema_extra={"strength": True},
    )  # fmt: skip
    side: Side = Field("end", description="Where text is taken away")
    unit: Literal["segments", "characters"] = Field("segments", description="What is never torn apart")
    tokenizer: TokenizerName = Field("", description="Tokenizer that counts; empty for the built-in estimate")
    # defaults of min_valid_prefix are of Efficient Long CoT unless ours
    validator: Validator = Field("student", description="Who says whether a prefix suffices")
    model: Annotated[str, Field(json_schema_extra={"widget": "model"})] = Field(
        "", description="Student or judge asked"
    )
    search: Order = Field("binary", description="Order in which prefixes are tried")
    min_steps: Positive = Field(1, description="Fewest segments kept")
    max_calls: Count = Field(0, description="Most prefixes tried for a trace; 0 for no limit")
    n_votes: Positive = Field(1, description="Answers to each prefix; above 1 they are sampled", le=64)
    min_vote: Fraction = Field(1.0, description="Share of them that has to be right")
    keep_conclusion: Literal["teacher", "student"] = Field("teacher", description="Whose answer the child has")
    on_invalid: Literal["drop", "keep_full"] = Field(
        "drop", description="What becomes of a trace without a valid prefix"
    )
    max_new_tokens: Positive = Field(256, description="Tokens an answer to a prefix may have", le=131_072)  # ours
    prompt: PromptText = Field(shipped("cut", "state_answer"), description="How a student is asked for the answer")
    judge_prompt: PromptText = Field(shipped("cut", "judge_prefix"), description="How a judge is asked")

    keeps_segments = True
    slots = ("question", "reasoning", "reference")
    when: ClassVar[When] = {
        "amount side": {"policy": "fraction tokens"},
        "unit": {"policy": "fraction tokens after_first_correct"},
        "tokenizer": {"policy": "tokens"},
        "validator search min_steps max_calls on_invalid": {"policy": "min_valid_prefix"},
        "model n_votes min_vote max_new_tokens": {"policy": "min_valid_prefix", "validator": "student judge"},
        "keep_conclusion prompt": {"policy": "min_valid_prefix", "validator": "student"},
        "judge_prompt": {"policy": "min_valid_prefix", "validator": "judge"},
    }

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.policy == "fraction" and self.amount > 1:
            raise ValueError(f"amount is a share of at most 1 with policy fraction, not {self.amount:g}")
        if self.policy == "tokens" and self.amount != int(self.amount):
            raise ValueError(f"amount is a whole number of tokens with policy tokens, not {self.amount:g}")
        checked(self.prompt, ("question",))
        checked(self.judge_prompt, ("question", "reasoning"))
        if self.needs_segments and self.validator != "first_correct" and not self.model:
            raise ValueError(f"policy min_valid_prefix with the validator {self.validator} needs a model")
        if self.needs_segments and self.validator != "student" and self.keep_conclusion == "student":
            raise ValueError(f"keep_conclusion student needs the validator student, not {self.validator}")
        return self

    @property
    def needs_segments(self) -> bool:  # type: ignore[override]
        """Only where prefixes are tried."""
        return self.policy == "min_valid_prefix"

    def asks(self) -> tuple[str, ...]:
        """The student or judge, where prefixes are tried by one."""
        return (self.model,) if self.needs_segments and self.validator != "first_correct" else ()

    def request(self, trace: Trace) -> Request:
        """What is asked about the first prefix that is tried."""
        return self._prefixes().request(trace)

    def map_with(self, traces: Sequence[Trace], asker: Asker) -> list[list[Trace] | Failure | Dropped]:
        """Search the shortest valid prefix of all traces side by side."""
        return self._prefixes().map(traces, asker)

    def _prefixes(self) -> PrefixSearch:
        votes = (self.max_new_tokens, self.n_votes, VOTES if self.n_votes > 1 else 0.0, self.min_vote)
        student = Reach(self.model, self.prompt, *votes)
        judge = Reach(self.model, self.judge_prompt, *votes, json_schema=ENOUGH, says=is_enough)
        reach = {"student": student, "judge": judge, "first_correct": None}[self.validator]
        own, drop = self.keep_conclusion == "student", self.on_invalid == "drop"
        return PrefixSearch(reach, self.search, self.min_steps, self.max_calls, own, drop)

    def map(self, trace: Trace) -> list[Trace]:
        """A child with the kept side; the trace itself where everything is kept."""
        if self.needs_segments:
            raise TypeError("policy min_valid_prefix cuts several traces at a time")
        if not trace.reasoning:
            return [trace]
        whole = self.unit == "segments" or self.policy == "drop_last_segment"
        if whole and not trace.segments:
            raise UserError("This trace has no segments; put segment before cut, or set unit to characters.")
        measure = Measure(self.policy, self.amount, self.side, self.tokenizer)
        kept = (kept_segments if whole else kept_characters)(trace, measure)
        same = sum(span.stop - span.start for span in kept) == len(trace.reasoning)
        return [trace] if same else [keep_segments(trace, kept)]

    def map_batch(self, traces: Sequence[Trace]) -> Sequence[list[Trace] | Failure | Dropped]:
        """Cut each trace; a tokenizer that is not here stops the run instead of failing every row."""
        if self.needs_segments and not self.asks():
            return self._prefixes().map(traces, None)
        if self.policy == "tokens" and self.tokenizer:
            load_tokenizer(self.tokenizer)
        return super().map_batch(traces)
