"""Add a vector to each trace: what maps, clusters, near duplicates and diverse choices compare."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from curation.encoders import load_encoder
from curation.operator import Annotation, Annotator, Failure, ScoreType
from curation.params import EncoderName
from curation.trace import Trace


class Embed(Annotator):
    """Turn question or reasoning into a vector, so that traces can be mapped and compared.

    The built-in encoder compares words and needs no files; a sentence-transformers model compares meaning. Vectors are
    kept apart from scores. A text without words has none.
    """

    op: Literal["embed"] = "embed"
    what: Literal["question", "reasoning", "both"] = Field("question", description="Text that is compared")
    encoder: EncoderName = Field("", description="Encoder folder or name; empty for the built-in one")

    adds_vectors = True

    def adds(self) -> dict[str, ScoreType]:
        """No scores: the vectors are kept apart."""
        return {}

    def annotate_batch(self, traces: Sequence[Trace]) -> list[Annotation | Failure]:
        """Encode each text of the batch once; traces of one problem share its question."""
        texts = [self._text(trace) for trace in traces]
        distinct = list(dict.fromkeys(texts))
        rows = load_encoder(self.encoder).encode(distinct)
        found = {text: row.tolist() if row.any() else None for text, row in zip(distinct, rows, strict=True)}
        return [Annotation({}, vector=found[text] if text.strip() else None) for text in texts]

    def _text(self, trace: Trace) -> str:
        parts = {"question": [trace.question], "reasoning": [trace.reasoning]}
        return "\n\n".join(parts.get(self.what, [trace.question, trace.reasoning]))
