"""Group a trace's attempts into approaches, and count what it says twice (DLCoT's redundant solutions, measured)."""

from typing import Literal

import numpy as np
from pydantic import Field

from curation.encoders import load_encoder
from curation.operator import Annotation, Annotator, ScoreType
from curation.params import EncoderName, Fraction
from curation.texts.repeats import twins
from curation.texts.tokens import estimate_tokens
from curation.trace import Kind, Trace

TURNS: tuple[Kind, ...] = ("alternative", "check", "backtrack")  # kinds that begin another attempt
ASIDE: tuple[Kind, ...] = ("restate", "filler", "answer")  # kinds that try nothing
SHORTEST = 25  # ours: tokens; a shorter remark belongs to the attempt before it


class ClusterSegments(Annotator):
    """Count the approaches a trace tries, and how much of it repeats an earlier segment.

    An attempt begins where the trace turns to an alternative, a check or a correction. Attempts whose vectors are
    alike count as one approach; the built-in encoder compares their words.
    """

    op: Literal["cluster_segments"] = "cluster_segments"
    encoder: EncoderName = Field("", description="Encoder folder or name; empty for the built-in one")
    similarity: Fraction = Field(0.5, description="Mean similarity at which two attempts are one approach")

    needs_segments = True

    def adds(self) -> dict[str, ScoreType]:
        """Approaches, segments said before, and their share of the reasoning's characters."""
        return {"n_approaches": "number", "n_repeated": "number", "repeated_share": "number"}

    def annotate(self, trace: Trace) -> Annotation:
        """Measure one trace; unknown where it has no segments."""
        if not trace.segments:
            return Annotation(dict.fromkeys(self.adds()))
        repeated = [trace.segments[index] for index in twins(trace)]
        length = sum(segment.stop - segment.start for segment in repeated)
        return Annotation(
            {
                "n_approaches": len(set(approaches(attempts(trace), self.encoder, self.similarity))),
                "n_repeated": len(repeated),
                "repeated_share": length / len(trace.reasoning),
            }
        )


def attempts(trace: Trace) -> list[str]:
    """The texts of a trace's attempts in order."""
    texts: list[str] = []
    before: Kind | None = None
    for segment in trace.segments:
        if segment.kind in ASIDE:
            continue
        text = trace.reasoning[segment.start : segment.stop]
        if not texts or (segment.kind in TURNS and segment.kind != before and estimate_tokens(texts[-1]) >= SHORTEST):
            texts.append("")
        texts[-1] += text
        before = segment.kind
    return texts


def approaches(texts: list[str], encoder: str, similarity: float) -> list[int]:
    """A group number for each text: average linkage until no two groups are that similar."""
    if len(texts) < 2:
        return [1] * len(texts)
    from scipy.cluster.hierarchy import fcluster, linkage

    rows = load_encoder(encoder).encode(texts)
    distance = np.clip(1 - rows @ rows.T, 0, 2)
    above = distance[np.triu_indices(len(texts), 1)]
    return [int(group) for group in fcluster(linkage(above, "average"), 1 - similarity, "distance")]
