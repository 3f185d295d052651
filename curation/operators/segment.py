"""Split the reasoning and name each part: by its layout and cue words, or by a model (DLCoT steps 1 to 4)."""

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from curation.asker import Asker
from curation.models import Request
from curation.operator import Annotation, Annotator, Failure, ScoreType
from curation.params import Count, Fraction, ModelName, Positive, When
from curation.prompting.prompts import PromptText, checked, shipped, slots_in
from curation.prompting.segmenting import Asking, Gate, split_all, split_request
from curation.texts.roles import COUNTED, by_cues, counts_of
from curation.trace import Segment, Trace

BY_MODEL: dict[str, ScoreType] = {"split_ratio": "number", "split_jaccard": "number", "split_verdict": "category"}


class SegmentReasoning(Annotator):
    """Split the reasoning into segments and name the part each one plays.

    A model splits it into restatement, plan, attempts, checks and answer. It is shown numbered sentences; a prompt
    with {reasoning} in their place asks for the text of each part, and what lost text is unknown.
    """

    op: Literal["segment"] = "segment"
    splitter: Literal["blank_line", "sentence", "newline", "model"] = Field(
        "blank_line", description="Where a segment ends; sentence splits inside paragraphs too"
    )
    sentences_over: Count = Field(0, description="Split paragraphs longer than this only, characters")
    model: ModelName | None = Field(None, description="Model that splits the reasoning")
    prompt: PromptText = Field(shipped("segment", "numbers"), description="What the model is asked")
    repair: bool = Field(True, description="Complete a last attempt that stops short")  # DLCoT
    repair_prompt: PromptText = Field(
        shipped("segment", "repair"), description="What is asked for the rest of an attempt"
    )
    gate_ratio: Fraction = Field(0.90, description="Likeness of characters that text sent back needs")  # DLCoT
    gate_jaccard: Fraction = Field(0.95, description="Or its likeness of tokens; one is enough")  # DLCoT
    max_new_tokens: Positive = Field(2048, description="Longest answer of the model, tokens")  # ours

    adds_segments = True
    when: ClassVar[When] = {
        "sentences_over": {"splitter": "sentence"},
        "model prompt repair repair_prompt gate_ratio gate_jaccard max_new_tokens": {"splitter": "model"},
    }
    slots: ClassVar[tuple[str, ...]] = ("question", "sentences", "reasoning", "solution", "checks")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.splitter == "model" and not self.model:
            raise ValueError("the splitter 'model' needs a model, which is not named")
        checked(self.prompt, ("sentences" if "sentences" in slots_in(self.prompt) else "reasoning",))
        checked(self.repair_prompt, ("solution", "checks"))
        return self

    def asks(self) -> tuple[str, ...]:
        """The model, where it splits."""
        return (self.model,) if self.splitter == "model" and self.model else ()

    def request(self, trace: Trace) -> Request:
        """The question for the parts."""
        return split_request(trace, self.prompt, self.max_new_tokens)

    def adds(self) -> dict[str, ScoreType]:
        """Counts of all segments and of those that look back; of a model's split also how well it kept the text."""
        counts: dict[str, ScoreType] = dict.fromkeys(("n_segments", *COUNTED, "attempt_share"), "number")
        return {**counts, **(BY_MODEL if self.asks() else {})}

    def annotate(self, trace: Trace) -> Annotation:
        """Segments that tile the reasoning byte for byte."""
        segments = self.segments(trace)
        return Annotation(counts_of(trace, segments), segments)

    def annotate_with(self, traces: Sequence[Trace], asker: Asker) -> list[Annotation | Failure]:
        """Segments by the model; unknown where its answer cannot be read or lost text."""
        gate, repair = Gate(self.gate_ratio, self.gate_jaccard), self.repair_prompt if self.repair else ""
        how = Asking(asker, self.asks()[0], self.prompt, repair, self.max_new_tokens, gate)
        return [
            one
            if isinstance(one, Failure)
            else Annotation({**counts_of(trace, one.segments), **one.scores()}, one.segments)
            for trace, one in zip(traces, split_all(traces, how), strict=True)
        ]

    def segments(self, trace: Trace) -> tuple[Segment, ...]:
        """The spans that cue words name, in order."""
        return by_cues(trace, "blank_line" if self.splitter == "model" else self.splitter, self.sentences_over)
