"""Group a trace's attempts into approaches, and count what it says twice (DLCoT's redundant solutions, measured)."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from curation.asker import Asker
from curation.comparing.approaches import approaches
from curation.models import Request
from curation.operator import Annotation, Annotator, Failure, ScoreType
from curation.params import EncoderName, Fraction, ModelName, Positive
from curation.prompting.judging_solutions import Asking, cluster_all, cluster_request
from curation.prompting.prompts import PromptText, checked, shipped
from curation.texts.repeats import twins
from curation.texts.solutions import attempts, repeated, text_of, units
from curation.trace import Segment, Trace


class ClusterSegments(Annotator):
    """Count the approaches a trace tries, and how much of it repeats an earlier segment.

    An attempt begins where the trace turns to an alternative, a check or a correction. Attempts whose vectors are
    alike count as one approach; the built-in encoder compares their words. A model, where one is named, groups the
    attempts and checks as they were segmented, and one repeats what its group holds before it.
    """

    op: Literal["cluster_segments"] = "cluster_segments"
    encoder: EncoderName = Field("", description="Encoder folder or name; empty for the built-in one")
    similarity: Fraction = Field(0.5, description="Mean similarity at which two attempts are one approach")
    model: ModelName | None = Field(None, description="Model that groups them instead of an encoder")
    prompt: PromptText = Field(shipped("cluster_segments", "approaches"), description="What the model is asked")
    max_new_tokens: Positive = Field(2048, description="Longest answer of the model, tokens")  # ours

    needs_segments = True
    slots: ClassVar[tuple[str, ...]] = ("question", "solutions")

    @field_validator("prompt")
    @classmethod
    def _with_slots(cls, text: str) -> str:
        return checked(text, ("solutions",))

    def asks(self) -> tuple[str, ...]:
        """The model, where one is named."""
        return (self.model,) if self.model else ()

    def request(self, trace: Trace) -> Request:
        """The question for the groups."""
        return cluster_request(trace, units(trace), self.prompt, self.max_new_tokens)

    def adds(self) -> dict[str, ScoreType]:
        """Approaches, segments said before, and their share of the reasoning's characters."""
        return {"n_approaches": "number", "n_repeated": "number", "repeated_share": "number"}

    def annotate(self, trace: Trace) -> Annotation:
        """Measure one trace; unknown where it has no segments."""
        texts = [text_of(trace, unit) for unit in attempts(trace)]
        groups = approaches(texts, self.encoder, self.similarity) if trace.segments else None
        return self._counted(trace, groups, [trace.segments[index] for index in twins(trace)])

    def annotate_with(self, traces: Sequence[Trace], asker: Asker) -> list[Annotation | Failure]:
        """Groups by the model; unknown where its answer cannot be read."""
        asking = Asking(asker, self.asks()[0], self.prompt, self.max_new_tokens)
        return [
            groups
            if isinstance(groups, Failure)
            else self._counted(trace, groups, [units(trace)[place][0] for place in repeated(groups or [])])
            for trace, groups in zip(traces, cluster_all(traces, [units(one) for one in traces], asking), strict=True)
        ]

    def _counted(self, trace: Trace, groups: Sequence[int] | None, again: Sequence[Segment]) -> Annotation:
        if groups is None or not trace.segments:
            return Annotation(dict.fromkeys(self.adds()))
        share = sum(segment.stop - segment.start for segment in again) / len(trace.reasoning)
        return Annotation({"n_approaches": len(set(groups)), "n_repeated": len(again), "repeated_share": share})
