"""Judge a reasoning: does its arithmetic hold, where is the answer reached, how much comes after; its solutions.

DLCoT (step 5) lets a model label each solution as correct, incorrect or incomplete and quote its errors. The rules
see wrong sums and the reference answer, no wrong argument; kinds of segments stay as they are.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from curation.answers import first_correct
from curation.asker import Asker
from curation.models import Request
from curation.operator import Annotation, Annotator, Failure, ScoreType, Value
from curation.params import ModelName, Positive
from curation.prompting.judging_solutions import Asking, label_all, label_request
from curation.prompting.prompts import PromptText, checked, shipped
from curation.texts.claims import claims
from curation.texts.solutions import label_counts, units
from curation.trace import Trace

BY_RULES = ("n_claims", "n_wrong_claims", "first_wrong_segment", "answer_at", "after_answer")


class LabelSegments(Annotator):
    """Check every plain sum of the reasoning, and find where the reference answer is first reached.

    `first_wrong_segment` counts segments from 1 and is unknown where no sum is wrong. `answer_at` is the share of the
    characters up to the first mention of the reference as a result; `after_answer` is the share that goes on behind
    it, conclusions not counted: overthinking. Both are unknown where the reference is never mentioned. A model, where
    one is named, labels each solution by its final answer and quotes its errors; what it says is counted besides.
    """

    op: Literal["label_segments"] = "label_segments"
    model: ModelName | None = Field(None, description="Model that labels each solution besides")
    prompt: PromptText = Field(shipped("label_segments", "solutions"), description="What the model is asked")
    max_new_tokens: Positive = Field(2048, description="Longest answer of the model, tokens")  # ours

    needs_segments = True
    slots: ClassVar[tuple[str, ...]] = ("question", "reference", "solutions")

    @field_validator("prompt")
    @classmethod
    def _with_slots(cls, text: str) -> str:
        return checked(text, ("reference", "solutions"))

    def asks(self) -> tuple[str, ...]:
        """The model, where one is named."""
        return (self.model,) if self.model else ()

    def request(self, trace: Trace) -> Request:
        """The question for the labels."""
        return label_request(trace, units(trace), self.prompt, self.max_new_tokens)

    def adds(self) -> dict[str, ScoreType]:
        """Sums, wrong sums and the first segment with one; where the answer is reached; a model's labels."""
        counts: dict[str, ScoreType] = dict.fromkeys(label_counts({}), "number") if self.model else {}
        return {**dict.fromkeys(BY_RULES, "number"), **counts}

    def annotate(self, trace: Trace) -> Annotation:
        """Measure one trace; unknown where it has no segments."""
        if not trace.segments:
            return Annotation(dict.fromkeys(self.adds()))
        found = [claims(trace.reasoning[segment.start : segment.stop]) for segment in trace.segments]
        wrong = [sum(not claim.holds for claim in listed) for listed in found]
        first = next((place for place, count in enumerate(wrong, 1) if count), None)
        at, length = first_correct(trace), len(trace.reasoning)
        reached = (None, None) if at is None else (at / length, _going_on(trace, at) / length)
        scores: tuple[Value, ...] = (sum(map(len, found)), sum(wrong), first, *reached)
        return Annotation(dict(zip(BY_RULES, scores, strict=True)))

    def annotate_with(self, traces: Sequence[Trace], asker: Asker) -> list[Annotation | Failure]:
        """The rules' scores, and counts of the model's labels; those are unknown where its answer cannot be read."""
        asking = Asking(asker, self.asks()[0], self.prompt, self.max_new_tokens)
        said = label_all(traces, [units(trace) for trace in traces], asking)
        return [
            one if isinstance(one, Failure) else Annotation({**self.annotate(trace).scores, **label_counts(one)})
            for trace, one in zip(traces, said, strict=True)
        ]


def _going_on(trace: Trace, at: int) -> int:
    return sum(span.stop - max(span.start, at) for span in trace.segments if span.stop > at and span.kind != "answer")
