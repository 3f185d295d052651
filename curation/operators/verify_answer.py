"""Compare each trace's final answer with the problem's reference, twice."""

from typing import ClassVar, Literal

from pydantic import Field

from curation.answers import Comparator, Extractor, compare, extract
from curation.operator import Annotation, Annotator, ScoreType
from curation.trace import Trace
from curation.verifying.second_verifier import same


class VerifyAnswer(Annotator):
    """Compare the final answer with the reference; unknown only where there is no reference.

    `auto` looks for a box, then an answer mark, then a letter or the last number, in the answer first and then at the
    end of the reasoning. A reasoning that was never closed counts only where it marks its answer. No answer is wrong.
    A second verifier of other make compares the same answer; where both disagree, a person should look.
    """

    op: Literal["verify_answer"] = "verify_answer"
    extractor: Extractor = Field("auto", description="How the answer is found in the text")
    comparator: Comparator = Field("auto", description="How it is compared with the reference")
    timeout: float = Field(5.0, description="Longest comparison of two expressions, seconds", gt=0, le=60)  # ours

    version: ClassVar[int] = 2  # the second verifier

    def adds(self) -> dict[str, ScoreType]:
        """Whether the answer is right, the answer found, what decided, and what the second verifier says."""
        return {
            "correct": "flag",
            "extracted": "category",
            "decided_by": "category",
            "correct_second": "flag",
            "verifiers_agree": "flag",
        }

    def annotate(self, trace: Trace) -> Annotation:
        """Extract, then compare where there is something to compare with."""
        reference = trace.problem.reference
        known = reference if reference and reference.strip() else None
        found = extract(trace.answer, self.extractor, known) if trace.answer.strip() else None
        if found is None:
            found = extract(trace.reasoning, self.extractor, known, bare=trace.closed is not False)
        if known is None or found is None:
            unknown = {"decided_by": None, "correct_second": None, "verifiers_agree": None}
            return Annotation({"correct": None if known is None else False, "extracted": found, **unknown})
        equal, method = compare(found, known, self.comparator, self.timeout)
        second = same(found, known)
        agree = None if second is None else second == equal
        scores = (equal, found[:200], method, second, agree)
        return Annotation(dict(zip(self.adds(), scores, strict=True)))
