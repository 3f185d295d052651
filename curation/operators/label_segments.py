"""Judge a reasoning by rules: does its arithmetic hold, where is the answer reached, how much comes after.

DLCoT (step 5) lets a model label each solution as correct, incorrect or incomplete and quote its errors. These rules
see wrong sums and the reference answer, no wrong argument; kinds of segments stay as they are.
"""

from typing import Literal

from curation.answers import first_correct
from curation.operator import Annotation, Annotator, ScoreType, Value
from curation.texts.claims import claims
from curation.trace import Trace


class LabelSegments(Annotator):
    """Check every plain sum of the reasoning, and find where the reference answer is first reached.

    `first_wrong_segment` counts segments from 1 and is unknown where no sum is wrong. `answer_at` is the share of the
    characters up to the first mention of the reference as a result; `after_answer` is the share that goes on behind
    it, conclusions not counted: overthinking. Both are unknown where the reference is never mentioned.
    """

    op: Literal["label_segments"] = "label_segments"

    needs_segments = True

    def adds(self) -> dict[str, ScoreType]:
        """Sums, wrong sums and the first segment with one; where the answer is reached, and what follows it."""
        names = ("n_claims", "n_wrong_claims", "first_wrong_segment", "answer_at", "after_answer")
        return dict.fromkeys(names, "number")

    def annotate(self, trace: Trace) -> Annotation:
        """Measure one trace; unknown where it has no segments."""
        if not trace.segments:
            return Annotation(dict.fromkeys(self.adds()))
        found = [claims(trace.reasoning[segment.start : segment.stop]) for segment in trace.segments]
        wrong = [sum(not claim.holds for claim in listed) for listed in found]
        scores: dict[str, Value] = {
            "n_claims": sum(map(len, found)),
            "n_wrong_claims": sum(wrong),
            "first_wrong_segment": next((place for place, count in enumerate(wrong, 1) if count), None),
            "answer_at": None,
            "after_answer": None,
        }
        at = first_correct(trace)
        if at is not None:
            scores["answer_at"] = at / len(trace.reasoning)
            scores["after_answer"] = _going_on(trace, at) / len(trace.reasoning)
        return Annotation(scores)


def _going_on(trace: Trace, at: int) -> int:
    return sum(span.stop - max(span.start, at) for span in trace.segments if span.stop > at and span.kind != "answer")
