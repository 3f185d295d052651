"""Drop solutions that repeat an approach, and mistakes in what stays (DLCoT steps 7 and 8)."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from curation.asker import Asker
from curation.comparing.approaches import approaches
from curation.models import Request
from curation.operator import Dropped, Failure, Mapper
from curation.params import EncoderName, Fraction, ModelName, Positive
from curation.prompting.judging_solutions import Asking, cluster_request, deconstruct
from curation.prompting.prompts import PromptText, checked, shipped
from curation.texts.solutions import (
    Deconstructed,
    ErrorPolicy,
    MaxDrop,
    Rules,
    attempts,
    by_reference,
    cut_out,
    text_of,
    units,
    without,
)
from curation.trace import Trace, keep_segments


class DropSolutions(Mapper):
    """Keep the first solution or check of each approach and every other part; the rest stays byte for byte.

    The trunk reaches up to the first correct solution. What a model said in cluster_segments and label_segments is
    kept, so the same model and prompts here cost nothing again. Without a model an encoder groups the attempts, and a
    solution that states the reference as a result is correct. A trace without any correct solution is dropped.
    """

    op: Literal["drop_solutions"] = "drop_solutions"
    model: ModelName | None = Field(None, description="Model that groups and labels; none for an encoder")
    max_drop: MaxDrop = Field("all", description="How many repeated ones go, the last ones first")
    error_policy: ErrorPolicy = Field(
        "off", description="Errors that go: quoted ones, or also wrong solutions behind the trunk"
    )
    protect_trunk: bool = Field(True, description="Never drop the first correct solution")
    cluster_prompt: PromptText = Field(shipped("cluster_segments", "approaches"), description="How it groups")
    label_prompt: PromptText = Field(shipped("label_segments", "solutions"), description="How it labels solutions")
    max_new_tokens: Positive = Field(2048, description="Longest answer of the model, tokens")  # ours
    encoder: EncoderName = Field("", description="Without a model: encoder; empty for the built-in one")
    similarity: Fraction = Field(0.5, description="Without a model: similarity of one approach")

    needs_segments = True
    keeps_segments = True
    slots: ClassVar[tuple[str, ...]] = ("question", "reference", "solutions")

    @field_validator("cluster_prompt", "label_prompt")
    @classmethod
    def _with_slots(cls, text: str) -> str:
        return checked(text, ("solutions",))

    @property
    def rules(self) -> Rules:
        """What goes, as the rules read it."""
        return Rules(self.max_drop, self.error_policy, self.protect_trunk)

    def asks(self) -> tuple[str, ...]:
        """The model, where one is named."""
        return (self.model,) if self.model else ()

    def request(self, trace: Trace) -> Request:
        """The question for the groups."""
        return cluster_request(trace, units(trace), self.cluster_prompt, self.max_new_tokens)

    def map(self, trace: Trace) -> list[Trace]:
        """A child by encoder and reference; the trace itself where there is none to tell what is correct."""
        found, known = attempts(trace), bool((trace.problem.reference or "").strip())
        if not found or (self.rules.need_labels and not known):
            return [trace]
        groups = approaches([text_of(trace, unit) for unit in found], self.encoder, self.similarity)
        made = self._cut(trace, Deconstructed(found, groups, by_reference(trace, found)))
        return [] if isinstance(made, Dropped) else made

    def map_with(self, traces: Sequence[Trace], asker: Asker) -> list[list[Trace] | Failure | Dropped]:
        """A child by what the model says of each trace."""
        asking = Asking(asker, self.asks()[0], self.cluster_prompt, self.max_new_tokens)
        said = deconstruct(traces, asking, self.label_prompt if self.rules.need_labels else "")
        return [
            self._cut(trace, one) if isinstance(one, Deconstructed) else one
            for trace, one in zip(traces, said, strict=True)
        ]

    def _cut(self, trace: Trace, found: Deconstructed) -> list[Trace] | Dropped:
        spans = cut_out(found, self.rules)
        if spans is None:
            return Dropped(trace.id, "no solution is correct")
        kept = without(trace.segments, spans)
        return [trace] if kept == list(trace.segments) else [keep_segments(trace, kept)]
