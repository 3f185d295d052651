"""Compare each trace's final answer with the problem's reference."""

from typing import Literal

from pydantic import Field

from curation.answers import Comparator, Extractor, compare, extract
from curation.operator import Annotation, Annotator, ScoreType
from curation.trace import Trace


class VerifyAnswer(Annotator):
    """Compare the final answer with the reference; unknown only where there is no reference.

    `auto` looks for a box, then an answer mark, then a letter or the last number, in the answer first and then at the
    end of the reasoning. A reasoning that was never closed counts only where it marks its answer. No answer is wrong.
    """

    op: Literal["verify_answer"] = "verify_answer"
    extractor: Extractor = Field("auto", description="How the answer is found in the text")
    comparator: Comparator = Field("auto", description="How it is compared with the reference")
    timeout: float = Field(5.0, description="Longest comparison of two expressions, seconds", gt=0, le=60)  # ours

    def adds(self) -> dict[str, ScoreType]:
        """Whether the answer is right, the answer found, and which comparison decided."""
        return {"correct": "flag", "extracted": "category", "decided_by": "category"}

    def annotate(self, trace: Trace) -> Annotation:
        """Extract, then compare where there is something to compare with."""
        reference = trace.problem.reference
        known = reference if reference and reference.strip() else None
        found = extract(trace.answer, self.extractor, known) if trace.answer.strip() else None
        if found is None:
            found = extract(trace.reasoning, self.extractor, known, bare=trace.closed is not False)
        if known is None or found is None:
            return Annotation({"correct": None if known is None else False, "extracted": found, "decided_by": None})
        equal, method = compare(found, known, self.comparator, self.timeout)
        return Annotation({"correct": equal, "extracted": found[:200], "decided_by": method})
