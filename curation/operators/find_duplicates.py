"""Find near-duplicates: traces that share most of their runs of words, or whose vectors point the same way.

With `minhash` a pair is a near-duplicate when the sets of their runs of `n` words have at least the Jaccard
similarity `threshold`; the defaults 5 and 0.7 are those of CCI4.0. With `embedding` the cosine is compared.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from curation.comparing.duplicates import Sets, Twins, cosine_twins, jaccard_twins, shingles
from curation.operator import CorpusAnnotator, ScoreType
from curation.trace import Trace


class FindDuplicates(CorpusAnnotator):
    """Find traces that are nearly the same as another one, and put them into clusters."""

    op: Literal["find_duplicates"] = "find_duplicates"
    method: Literal["minhash", "embedding"] = Field("minhash", description="Shared words, or vectors added by embed")
    what: Literal["question", "reasoning", "both"] = Field("reasoning", description="Text whose words are compared")
    scope: Literal["all", "problem"] = Field("all", description="Compare all traces, or those of one problem")
    threshold: float = Field(0.7, description="Least similarity of near-duplicates", ge=0.3, le=1)
    n: int = Field(5, description="Words in a run, with minhash", ge=1, le=20)

    @property
    def needs_vectors(self) -> bool:  # type: ignore[override]
        """Vectors stand for the texts when comparing embeddings."""
        return self.method == "embedding"

    @property
    def sketch_type(self) -> pa.DataType | None:  # type: ignore[override]
        """Hashes of the runs of words; none when comparing embeddings."""
        return None if self.needs_vectors else pa.list_(pa.uint32())

    def adds(self) -> dict[str, ScoreType]:
        """The cluster's first row, and of each later row the nearest earlier one and how similar it is."""
        return {"dup_cluster": "category", "dup_of": "category", "dup_similarity": "number"}

    def sketch(self, trace: Trace) -> object:
        """The set of hashed runs of words."""
        texts = {"question": trace.question, "reasoning": trace.reasoning}
        return shingles(texts.get(self.what, f"{trace.question}\n{trace.reasoning}"), self.n)

    def conclude(self, rows: pa.Table) -> pa.Table:
        """Compare the rows; a row that failed or has no vector has no twin."""
        known = pc.is_valid(rows["vector" if self.needs_vectors else "sketch"])
        twins, ids = self._twins(rows.filter(known)), rows["id"].filter(known)
        similarity = pa.array(twins.similarity, from_pandas=True)
        columns = [ids, _named(ids, twins.cluster), _named(ids, twins.nearest), similarity]
        found = pa.table(columns, names=["id", *self.adds()])
        return pa.concat_tables([found, rows.filter(pc.invert(known)).select(["id"])], promote_options="default")

    def _twins(self, rows: pa.Table) -> Twins:
        groups = np.zeros(len(rows), np.int64)
        if self.scope == "problem":
            groups = rows["problem_id"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
        if self.needs_vectors:
            return cosine_twins(np.array(rows["vector"].to_pylist(), np.float32), groups, self.threshold)
        sketches = rows["sketch"].combine_chunks()
        lengths = pc.list_value_length(sketches).to_numpy()
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        return jaccard_twins(Sets(sketches.flatten().to_numpy(), offsets), groups, self.threshold)


def _named(ids: pa.ChunkedArray, places: npt.NDArray[np.int64]) -> pa.Array:
    """The ids of places, NULL for -1."""
    return ids.combine_chunks().take(pa.array(places, mask=places < 0))
